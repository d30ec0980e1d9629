"""One module per rule; every module in this package is loaded.

A module has its rule's name in lower case and declares `rule: Rule`.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from hacienda.assess.rule import Rule
from hacienda.declare import DeclarationError


@functools.cache
def rules() -> Mapping[str, Rule]:
    """Rules by id.

    Raises:
        DeclarationError: a module declares no rule, or a rule with another name.
    """
    return {rule.id: rule for rule in (_declaration(info.name) for info in pkgutil.iter_modules(__path__))}


def _declaration(name: str) -> Rule:
    rule = getattr(importlib.import_module(f"{__name__}.{name}"), "rule", None)
    if not isinstance(rule, Rule):
        raise DeclarationError(f"hacienda/assess/rules/{name}.py declares no `rule`")
    if rule.id != name.upper():
        raise DeclarationError(f"hacienda/assess/rules/{name}.py declares the rule {rule.id!r}")
    return rule
