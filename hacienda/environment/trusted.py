"""Every setting of an environment that decides whom the cloud trusts."""

from __future__ import annotations

from hacienda.declare import Registry
from hacienda.declare.trust import Fact, facts
from hacienda.environment.load import service_options
from hacienda.environment.model import Environment


def trusted(environment: Environment, registry: Registry) -> dict[str, Fact]:
    """Dotted path in the file -> the value, defaults included.

    Args:
        environment: the environment.
        registry: services whose options count.
    """
    found = dict(facts(environment))
    options, _ = service_options(environment, registry)
    for name, own in options.items():
        found |= facts(own, ("services", name))
    return found
