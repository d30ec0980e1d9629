"""Every setting of an environment that decides whom the cloud trusts."""

from __future__ import annotations

from hacienda.declare.trust import Fact, facts
from hacienda.environment.model import Environment


def trusted(environment: Environment) -> dict[str, Fact]:
    """Dotted path in the file -> the value, defaults and the options of services included."""
    found = dict(facts(environment))
    for name, own in environment.options.items():
        found |= facts(own, ("services", name))
    return found
