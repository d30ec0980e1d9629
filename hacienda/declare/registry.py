"""All services of a composition, in start order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from hacienda.declare import consistency
from hacienda.declare.account import AccountKind
from hacienda.declare.errors import DeclarationError
from hacienda.declare.service import Service
from hacienda.declare.vocabulary import Capability


class Registry:
    """An immutable, ordered set of services.

    Args:
        services: declarations in any order.
        left_out: names of services that exist but are not in this composition, on purpose.

    Raises:
        DeclarationError: a name, capability or port is declared twice; a name refers to nothing; nothing provides a required
            capability; or the order has a cycle.
    """

    def __init__(self, services: Iterable[Service], left_out: Collection[str] = ()) -> None:
        given = sorted(services, key=lambda service: service.name)
        provided = {capability for service in given for capability in service.provides}
        kinds = {kind.name for service in given for kind in service.hands_out}
        listed = [service.among(provided, kinds) for service in given]
        self._by_name = {service.name: service for service in listed}
        self._left_out = frozenset(left_out) - self._by_name.keys()
        if len(self._by_name) != len(listed):
            raise DeclarationError("two services have the same name")
        wrong = [problem for service in listed for problem in (*consistency.problems(service), *self._after(service))]
        wrong += consistency.account_problems(listed)
        wrong += consistency.redundancy_problems(listed, left_out)
        if wrong:
            raise DeclarationError("\n".join(wrong))
        self._providers = self._capabilities(listed)
        if wrong := list(self._claims(listed)):
            raise DeclarationError("\n".join(wrong))
        self._owners = {kind.name: service.name for service in listed for kind in service.hands_out}
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

    def require(self, name: str) -> bool:
        """Whether a service is in this composition. False: it is left out on purpose.

        Raises:
            DeclarationError: no such service exists.
        """
        if name in self._by_name or name in self._left_out:
            return name in self._by_name
        raise DeclarationError(f"there is no service {consistency.unknown(name, self._by_name)}")

    def only(self, names: Collection[str]) -> Registry:
        """A registry of these services only; the others count as left out on purpose."""
        return Registry((one for one in self if one.name in names), {*self._by_name, *self._left_out})

    def changed(self, change: Callable[[Service], Service]) -> Registry:
        """A registry of the same services, each as the function returns it."""
        return Registry(map(change, self), self._left_out)

    def names(self) -> tuple[str, ...]:
        """Names in start order."""
        return tuple(service.name for service in self._ordered)

    def provider(self, capability: Capability) -> Service:
        """The service that offers a capability.

        Raises:
            KeyError: no service offers it.
        """
        return self._by_name[self._providers[capability]]

    def owner(self, kind: str) -> Service:
        """The service that hands out accounts of a kind.

        Raises:
            KeyError: no service hands them out.
        """
        return self._by_name[self._owners[kind]]

    def account_kind(self, kind: str) -> AccountKind:
        """The declaration of a kind of accounts.

        Raises:
            KeyError: no such kind exists.
        """
        return next(one for one in self.owner(kind).hands_out if one.name == kind)

    def before(self, name: str) -> tuple[str, ...]:
        """Names of the services that start before this one, sorted."""
        return tuple(sorted(self._before(self._by_name[name])))

    def _before(self, service: Service) -> set[str]:
        required = {self._providers[capability] for capability in (*service.requires, *service.wants)}
        return (required | {name for name in service.after if name in self._by_name}) - {service.name}

    def _after(self, service: Service) -> Iterator[str]:
        known = self._by_name.keys() | self._left_out
        for name in service.after:
            if name not in known:
                yield f"{service.name} comes after {consistency.unknown(name, known)}"

    @staticmethod
    def _capabilities(services: list[Service]) -> dict[Capability, str]:
        providers: dict[Capability, str] = {}
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

    def _claims(self, services: list[Service]) -> Iterator[str]:
        """Errors of services that need a claim or lock on machines without the coordination service.

        A step that runs once per environment takes a claim, and one that runs on one machine at a time takes a lock. Only members
        of the coordination service reach it.
        """
        if "coordination" not in self._providers:
            return
        provider = self.provider("coordination")
        for service in services:
            claims = [name for name in ("bootstrap", "migrate", "reconcile") if getattr(service, name) is not None]
            claims += [name for name in ("voters", "frontends") if getattr(service, name)]
            for role in service.roles if claims else ():
                if role not in provider.roles and not provider.everywhere:
                    where = f"{service.name}: runs on machines of the role {role!r}"
                    yield f"{where} and declares {', '.join(claims)}, which needs {provider.name} on the same machines"

    @staticmethod
    def _check_ports(services: list[Service]) -> None:
        owners: dict[tuple[str, int], str] = {}
        for service in services:
            for protocol, number in ((port.protocol, number) for port in service.ports for number in port.numbers):
                owner = owners.setdefault((protocol, number), service.name)
                if owner != service.name:
                    raise DeclarationError(f"{protocol} port {number}: {owner} and {service.name} both listen on it")
