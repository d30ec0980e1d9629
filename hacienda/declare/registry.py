"""All services of a composition, in the order in which they start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from hacienda.declare.service import Service


class DeclarationError(Exception):
    """Two declarations contradict each other: a programming error, found when the registry is made."""


class Registry:
    """An immutable, ordered set of services.

    Args:
        services: declarations in any order.

    Raises:
        DeclarationError: a name, capability or port is declared twice, something required is not provided, or the order
            has a cycle.
    """

    def __init__(self, services: Iterable[Service]) -> None:
        listed = sorted(services, key=lambda service: service.name)
        self._by_name = {service.name: service for service in listed}
        if len(self._by_name) != len(listed):
            raise DeclarationError("two services have the same name")
        self._providers = self._capabilities(listed)
        self._check_ports(listed)
        try:
            order = tuple(TopologicalSorter({s.name: self._before(s) for s in listed}).static_order())
        except CycleError as error:
            raise DeclarationError(f"services wait for each other: {' -> '.join(error.args[1])}") from error
        self._ordered = tuple(self._by_name[name] for name in order)

    def __iter__(self) -> Iterator[Service]:
        return iter(self._ordered)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Service:
        return self._by_name[name]

    def names(self) -> tuple[str, ...]:
        """Names in start order."""
        return tuple(service.name for service in self._ordered)

    def provider(self, capability: str) -> Service:
        """The service that offers a capability.

        Raises:
            KeyError: none does.
        """
        return self._by_name[self._providers[capability]]

    def before(self, name: str) -> tuple[str, ...]:
        """Names of the services that start before this one, sorted."""
        return tuple(sorted(self._before(self._by_name[name])))

    def _before(self, service: Service) -> set[str]:
        required = {self._providers[capability] for capability in service.requires}
        return (required | {name for name in service.after if name in self._by_name}) - {service.name}

    @staticmethod
    def _capabilities(services: list[Service]) -> dict[str, str]:
        providers: dict[str, str] = {}
        for service in services:
            for capability in service.provides:
                if capability in providers:
                    raise DeclarationError(
                        f"{capability!r}: {providers[capability]} and {service.name} both provide it"
                    )
                providers[capability] = service.name
        for service in services:
            for capability in service.requires:
                if capability not in providers:
                    raise DeclarationError(f"{service.name} requires {capability!r}, which nothing provides")
        return providers

    @staticmethod
    def _check_ports(services: list[Service]) -> None:
        owners: dict[tuple[str, int], str] = {}
        for service in services:
            for port in service.ports:
                owner = owners.setdefault((port.protocol, port.number), service.name)
                if owner != service.name:
                    raise DeclarationError(f"{port.protocol} port {port.number}: {owner} and {service.name}")
            for frontend in service.frontends:
                service.port(frontend.port)
