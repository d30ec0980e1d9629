"""The subject of an assessment: a cloud, the date, and what else the project's folder holds."""

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
        name: its name in the store.
        expires: when a certificate expires; None: it does not.
    """

    name: str
    expires: datetime | None = None


@dataclass(frozen=True)
class Subject:
    """One environment under assessment.

    Args:
        cloud: the resolved cloud.
        today: the date that expiry is compared with.
        others: the project's other environments, which must not conflict with this one.
        held: entries of the environment's store; empty without a store.
        refused: problems of a certificate that another authority signed.
        unread: parts of such a certificate that cannot be read.
        found: findings of the other rules. Only the rule ACCEPT, which runs last, uses them.
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
        """The timers that its services declare."""
        return timers.read(self.cloud)

    @cached_property
    def budget(self) -> timers.Budget:
        """How long clients notice each failure at worst."""
        return timers.budget(self.cloud)

    def limits(self, capability: Capability, of: Resource) -> Iterator[tuple[str, Limit]]:
        """Name of the service that offers a capability here, with its limits of a resource. Empty if no service offers it."""
        provider = self.cloud.provider(capability)
        if provider is not None:
            yield from ((provider.name, limit) for limit in provider.limited(of))

    @property
    def lab(self) -> bool:
        """Whether all machines are containers on one host and all networks bridges there, as Incus makes them.

        Existing machines may be containers too, but on several hosts.
        """
        return self.cloud.platform.type == "incus"
