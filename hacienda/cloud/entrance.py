"""How many connections each front end of the load balancers may hold, so that none takes those of another.

With one total for all, silent connections to an API would block database clients. They would also block the health
check that decides who holds the virtual IP. So each front end has its own share, and the total is their sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address

from hacienda.cloud.model import Cloud
from hacienda.declare import Frontend, Service

STATISTICS = 100
"""Connections to the statistics page and the metrics."""

HEALTH = 20
"""Connections to the health check, which keepalived runs once a second on the same machine and `hacienda-verify` on
demand."""

KEPT = 100
"""Connections to the database in addition to the services' pools: operators, backups, migrations."""

LEAST = 400
"""The smallest useful share of an HTTP front end: four sources with a hundred connections each."""

SOURCES = 4
"""Number of sources that together may fill the part of a front end that is for machines outside the environment."""


@dataclass(frozen=True)
class Share:
    """Connections of one front end.

    Args:
        connections: number that it holds at a time.
        others: of these, the number from all machines outside the environment together; the rest is reserved for its
            own.
        each: of these, the number from one such machine.
    """

    connections: int
    others: int
    each: int


@dataclass(frozen=True)
class Entrance:
    """The front ends of a cloud and their shares.

    Args:
        cloud: the cloud.
        limit: connections that a load balancer may hold at a time.
        per_source: of these, the number from one machine outside the environment, in one front end.
    """

    cloud: Cloud
    limit: int
    per_source: int

    @cached_property
    def shares(self) -> Mapping[str, Share]:
        """Share of each front end that listens on a virtual IP, by its name. The database's share is what the pools of
        its clients may open. Another front end of mode `tcp` gets what its servers accept. The HTTP front ends divide
        the rest equally."""
        fronts = {name(service, front): (service, front) for service, front in self._fronts()}
        passed = {key: self._passed(service, front) for key, (service, front) in fronts.items() if front.mode == "tcp"}
        http = [key for key, (_, front) in fronts.items() if front.mode == "http"]
        held = 2 * sum(share.connections for share in passed.values()) + STATISTICS + HEALTH
        part = max(LEAST, (self.limit - held) // len(http)) if http else 0
        others = part * 3 // 4
        made = Share(part, others, min(self.per_source, others // SOURCES))
        return {key: passed.get(key, made) for key in fronts}

    @property
    def total(self) -> int:
        """Connections of all front ends, statistics and health check. A connection counts twice if HAProxy passes its
        TLS through, because it then takes a second step (docs/services/haproxy.md)."""
        counted = (
            self.shares[name(service, front)].connections * (2 if front.mode == "tcp" else 1)
            for service, front in self._fronts()
        )
        return sum(counted) + STATISTICS + HEALTH

    @property
    def own(self) -> tuple[IPv4Address, ...]:
        """Source addresses of the services: the machines that run one with a front end or connections to a database, and the
        virtual IPs. The kernel of a virtual IP's holder may choose it as a source. The pools bound the connections of these
        sources."""
        machines = [node for node in self.cloud.nodes if any(s.frontends or s.pools for s in self.cloud.running(node))]
        found = {address for node in machines for address in node.addresses.values()}
        return tuple(sorted(found | {vip.address for vip in self.cloud.virtual_ips}))

    def _fronts(self) -> list[tuple[Service, Frontend]]:
        return [
            (service, front)
            for service in self.cloud.services
            for front in service.frontends
            if any(self.cloud.virtual_ip(scope) is not None for scope in front.scopes)
        ]

    def _passed(self, service: Service, front: Frontend) -> Share:
        if front.capacity is None:
            wanted = sum(pools(self.cloud).values())
        else:
            wanted = sum(front.capacity(self.cloud, node) for node in self.cloud.servers(service.name))
        return Share(wanted + KEPT, KEPT, min(self.per_source, KEPT // SOURCES))


def name(service: Service, front: Frontend) -> str:
    """Name of a front end: `<service>-<port>`."""
    return f"{service.name}-{front.port}"


def pools(cloud: Cloud) -> dict[str, int]:
    """Connections to the database that all members of a service may open together, by service. Services without any are
    left out."""
    return {
        service.name: sum(
            connections(cloud, node) for connections in service.pools for node in cloud.members(service.name)
        )
        for service in cloud.services
        if service.pools
    }
