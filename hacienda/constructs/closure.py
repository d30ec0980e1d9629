"""Which further services the wanted services need."""

from __future__ import annotations

from collections.abc import Iterable

from hacienda.declare import Capability, Registry
from hacienda.environment.problems import nearest
from hacienda.errors import InputError, Problem


def closure(registry: Registry, services: Iterable[str], capabilities: Iterable[Capability] = ()) -> Registry:
    """The wanted services, the services that provide what they require, and the services that every machine runs. No others.

    Args:
        registry: all services.
        services: names of the wanted services.
        capabilities: further wanted capabilities; one that no service provides is ignored.

    Raises:
        InputError: a name is no service's name. It lists all such names.
    """
    names = list(services)
    problems = [
        Problem("services", f"{name!r} is not a service", nearest(name, registry.names()))
        for name in names
        if name not in registry
    ]
    if problems:
        raise InputError(problems)
    wanted: set[str] = set()
    queue = [*names, *(service.name for service in registry if service.everywhere)]
    queue += [service.name for service in registry if set(capabilities) & set(service.provides)]
    while queue:
        name = queue.pop()
        if name not in wanted:
            wanted.add(name)
            queue += [registry.provider(capability).name for capability in registry[name].requires]
    return registry.only(wanted)
