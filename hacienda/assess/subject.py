"""What rules look at: a cloud, the day, and what else the project's folder holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from hacienda.assess import timers
from hacienda.assess.finding import Finding
from hacienda.cloud.model import Cloud
from hacienda.declare import Capability, Limit, Resource
from hacienda.errors import Problem


@dataclass(frozen=True)
class Held:
    """One entry of an environment's store of secrets, without its value.

    Args:
        name: as it is kept.
        expires: end of a certificate's life; None: it has none.
    """

    name: str
    expires: datetime | None = None


@dataclass(frozen=True)
class Subject:
    """One environment under assessment.

    Args:
        cloud: the resolved cloud.
        today: the day that expiry is measured against.
        others: the project's other environments, for what must not clash between them.
        held: what the environment's store of secrets holds; empty where there is none.
        refused: what is wrong with a certificate that another authority signed.
        unread: parts of one that cannot be read, so that nothing is known of them.
        found: what the rules before this one found; the rule ACCEPT is asked last and looks at it.
    """

    cloud: Cloud
    today: date
    others: tuple[Cloud, ...] = ()
    held: tuple[Held, ...] = ()
    refused: tuple[Problem, ...] = ()
    unread: tuple[Problem, ...] = ()
    found: tuple[Finding, ...] = field(default=(), repr=False)

    @cached_property
    def readings(self) -> timers.Readings:
        """The times that its services state."""
        return timers.read(self.cloud)

    @cached_property
    def budget(self) -> timers.Budget:
        """How long each failure is felt at worst."""
        return timers.budget(self.cloud)

    def limits(self, capability: Capability, of: Resource) -> Iterator[tuple[str, Limit]]:
        """Name of the service that offers a capability here, with what it may take of a resource; nothing where none does."""
        provider = self.cloud.provider(capability)
        if provider is not None:
            yield from ((provider.name, limit) for limit in provider.limited(of))

    @property
    def lab(self) -> bool:
        """Whether all machines are containers on one host, each network a bridge there: what Incus makes. Existing machines
        may be containers, too, on as many hosts as there are."""
        return self.cloud.platform.type == "incus"
