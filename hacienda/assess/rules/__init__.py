"""One module per rule; they are found by themselves.

A module is called like its rule, in lower case, and has a function `find(cloud)` that yields findings.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from hacienda.assess.finding import Finding
from hacienda.cloud.model import Cloud

Rule = Callable[[Cloud], Iterable[Finding]]

_SEVERITIES = ("error", "warning", "info")


@functools.cache
def rules() -> Mapping[str, Rule]:
    """Rules by id."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    return {module.__name__.rpartition(".")[2].upper(): module.find for module in modules}


def findings(cloud: Cloud) -> tuple[Finding, ...]:
    """Everything that is unwise about a cloud, the worst first.

    Args:
        cloud: the resolved cloud.
    """
    found = (_located(cloud, finding) for rule in rules().values() for finding in rule(cloud))
    return tuple(sorted(found, key=lambda f: (_SEVERITIES.index(f.severity), f.rule, f.where, f.reason)))


def _located(cloud: Cloud, finding: Finding) -> Finding:
    if cloud.source is None:
        return finding
    return replace(finding, file=cloud.source.file, line=cloud.source.locate(finding.where))
