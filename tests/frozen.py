"""A cloud of made-up services that stands still, for tests of rules, estimates and timers.

No service that is added to the real ones, and no number that one of them changes, breaks such a test. The services here offer each
capability that assessments ask for, under names that no real one has.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import ByteSize

from hacienda.cloud import Cloud, Node, entrance
from hacienda.declare import (
    Account,
    AccountKind,
    CatalogueEntry,
    Check,
    Frontend,
    Limit,
    NoTimer,
    Port,
    Registry,
    Script,
    Secret,
    SecretFile,
    Service,
    ServiceOptions,
    Template,
    Timer,
)
from hacienda.declare.trust import Trust
from tests.cloud import samples

VERIFY = Script("verify.sh")
GIB = 1024**3


def file(service: str) -> str:
    """The one file of a service."""
    return f"/etc/{service}.conf"


def stated(service: str, times: Mapping[str, float], **options: Callable[[Any], float]) -> tuple[Timer, ...]:
    """Timers of a service: those with one value, then those that an option sets."""

    def of(value: Callable[[Any], float]) -> Callable[[Cloud, Node], float]:
        return lambda cloud, node: value(cloud.option(service))

    fixed = tuple(Timer(name, value, file(service)) for name, value in times.items())
    return fixed + tuple(Timer(option, of(value), file(service), option) for option, value in options.items())


def renamed(timers: tuple[Timer, ...], names: Mapping[str, str]) -> tuple[Timer, ...]:
    """Timers under names that are no Python names."""
    return tuple(Timer(names.get(one.name, one.name), one.value, one.file, one.option) for one in timers)


def fronts(value: Callable[[Frontend], float]) -> Callable[[Cloud, Node], Mapping[str, float]]:
    """A number of each front end, by its name."""
    return lambda cloud, node: {
        entrance.name(service, front): value(front) for service in cloud.services for front in service.frontends
    }


def checked(value: Callable[[Check], float]) -> Callable[[Cloud, Node], Mapping[str, float]]:
    """A number of each health check, with that of the balancers among themselves."""
    of_fronts = fronts(lambda front: value(front.check))
    return lambda cloud, node: {**of_fronts(cloud, node), "balancers": value(Check("", "", 1000, 500, 2, 2))}


class FilterOptions(ServiceOptions):
    """Options of the packet filter."""

    operators: Annotated[tuple[IPv4Network, ...], Trust("from where SSH is reached")] = ()
    """Networks of operators."""


class TruthsOptions(ServiceOptions):
    """Options of the coordination service; times in seconds."""

    heartbeat: float = 0.25
    """Between heartbeats."""
    election: float = 2.5
    """Without a heartbeat."""


class DoorOptions(ServiceOptions):
    """Options of the load balancer; times in seconds."""

    patience: float = 60
    """Of clients and servers."""
    check_patience: float = 5
    """For a check's answer."""
    drain: float = 660
    """After a reload."""
    connections: int = 40000
    """At a time."""


class HolderOptions(ServiceOptions):
    """Options of the virtual IP's holder."""

    interval: float = 0.3
    """Between advertisements."""


class SqlOptions(ServiceOptions):
    """Options of the database."""

    buffers: ByteSize = ByteSize(8 * GIB)
    """In memory."""
    log: ByteSize = ByteSize(2 * GIB)
    """On disk."""
    clients: int = 1000
    """Connections."""


class BusOptions(ServiceOptions):
    """Options of the message queue."""

    kept_free: ByteSize = ByteSize(2 * GIB)
    """On disk."""


class NamesOptions(ServiceOptions):
    """Options of the API."""

    threads: int = 20
    """On each machine."""
    patience: float = 5
    """Seconds for a query."""


def _threads(cloud: Cloud, node: Node) -> int:
    options = cloud.options_of(NamesOptions)
    return options.threads if isinstance(options, NamesOptions) else 0


def _pool(cloud: Cloud, node: Node) -> int:
    return 2 * _threads(cloud, node) + 5


def _alone(cloud: Cloud) -> str:
    return "minority = goes-on" if len(cloud.members("bus")) < 3 else ""


def _rank(cloud: Cloud, node: Node) -> int:
    return 260 - 10 * node.number


TCP = {"tcp_retries2": 6, "tcp_keepalive_time": 30, "tcp_keepalive_intvl": 10, "tcp_keepalive_probes": 3}
HOLDING = {
    "script interval": 1, "script timeout": 1, "script fall": 2, "garp_interval": 0.2, "garp_master_delay": 5,
    "garp_master_repeat": 25,
}  # fmt: skip
GROUP = {
    "evs.keepalive_period": 0.25, "evs.suspect_timeout": 1.5, "evs.inactive_timeout": 4, "evs.inactive_check_period": 0.2,
    "evs.join_retrans_period": 0.3, "evs.install_timeout": 3, "poll": 0.25, "read time-out of the checker": 1, "stale": 2.5,
    "drain": 1.5,
}  # fmt: skip
"""A database whose members vote, asked by a checker beside each."""

SERVICES = (
    Service(
        "system",
        "The operating system",
        ("every",),
        VERIFY,
        provides=("operating system",),
        ports=(Port("remote", 22, "operator"),),
        files=(Template(file("system"), checker="text"),),
        timers=stated("system", TCP),
    ),
    Service(
        "filter",
        "The packet filter",
        ("every",),
        VERIFY,
        provides=("packet filter",),
        ports=(Port("clock", 123, "internal", "udp"),),
        options=FilterOptions,
    ),
    Service(
        "truths",
        "Claims and locks",
        ("controller", "arbiter"),
        VERIFY,
        provides=("coordination",),
        voters=True,
        files=(Template(file("truths"), checker="text"),),
        options=TruthsOptions,
        timers=stated("truths", {}, heartbeat=lambda own: own.heartbeat, election=lambda own: own.election),
    ),
    Service(
        "door",
        "The load balancer",
        ("controller",),
        VERIFY,
        provides=("load balancer",),
        files=(Template(file("door"), checker="text"),),
        options=DoorOptions,
        timers=(
            *stated("door", {"connect time-out": 1, "writer connect time-out": 0.5}),
            *renamed(
                stated("door", {}, check_patience=lambda own: own.check_patience, drain=lambda own: own.drain),
                {"check_patience": "check time-out", "drain": "hard-stop-after"},
            ),
            *(
                Timer(
                    f"{side} time-out",
                    lambda cloud, node: fronts(
                        lambda front: front.timeout_seconds or cloud.options_of(DoorOptions).patience
                    )(cloud, node),
                    file("door"),
                    "patience",
                )
                for side in ("client", "server")
            ),
            Timer("inter", checked(lambda check: check.inter_ms / 1000), file("door")),
            Timer("fastinter", checked(lambda check: check.fastinter_ms / 1000), file("door")),
            Timer("fall", checked(lambda check: check.fall), file("door")),
        ),
        limits=(
            Limit(
                "connections",
                lambda cloud, node: cloud.options_of(DoorOptions).connections,
                file("door"),
                "connections",
            ),
        ),
    ),
    Service(
        "holder",
        "Who holds the virtual IP",
        ("controller",),
        VERIFY,
        requires=("load balancer",),
        provides=("virtual ip",),
        files=(Template(file("holder"), checker="text"),),
        options=HolderOptions,
        timers=(
            *stated("holder", HOLDING),
            Timer(
                "advert_int", lambda cloud, node: cloud.options_of(HolderOptions).interval, file("holder"), "interval"
            ),
            Timer("priority", _rank, file("holder")),
        ),
    ),
    Service(
        "sql",
        "The database",
        ("controller",),
        VERIFY,
        requires=("coordination", "load balancer", "virtual ip"),
        serves_without=("coordination",),
        provides=("database",),
        hands_out=(AccountKind("database", takes=("connections",)),),
        reconcile=Script("reconcile.sh"),
        voters=True,
        ports=(Port("clients", 3306, "internal"), Port("check", 9200, "members")),
        frontends=(
            Frontend("clients", Check("/", "check", 500, 250, 2), mode="tcp", single_writer=True, timeout_seconds=3600),
        ),
        files=(Template(file("sql"), checker="text"),),
        options=SqlOptions,
        timers=(*stated("sql", GROUP), NoTimer("restart", "somebody starts it by hand")),
        limits=(
            Limit("memory", lambda cloud, node: cloud.options_of(SqlOptions).buffers, file("sql"), "buffers"),
            Limit(
                "disk",
                lambda cloud, node: cloud.options_of(SqlOptions).log,
                file("sql"),
                "log",
                "its log takes",
                ("database", "system"),
            ),
            Limit("connections", lambda cloud, node: cloud.options_of(SqlOptions).clients, file("sql"), "clients"),
        ),
    ),
    Service(
        "bus",
        "The message queue",
        ("controller", "arbiter"),
        VERIFY,
        requires=("coordination",),
        serves_without=("coordination",),
        provides=("message queue",),
        voters=True,
        files=(Template(file("bus"), checker="text"), SecretFile("/etc/bus/cookie", "bus/cookie")),
        secrets=(Secret("bus/cookie"),),
        options=BusOptions,
        timers=stated("bus", {"net_ticktime": 10, "heartbeat": 60}),
        limits=(
            Limit("memory", lambda cloud, node: 8 * GIB, file("bus"), ""),
            Limit(
                "disk",
                lambda cloud, node: cloud.options_of(BusOptions).kept_free,
                file("bus"),
                "kept_free",
                "nobody sends without",
                ("system",),
            ),
        ),
        ignores_quorum=_alone,
    ),
    Service(
        "names",
        "Identity",
        ("controller",),
        VERIFY,
        requires=("database", "coordination", "load balancer", "virtual ip"),
        serves_without=("coordination",),
        provides=("identity",),
        ports=(Port("api", 5000, "internal"),),
        frontends=(Frontend("api", Check("/healthcheck"), scopes=("internal", "public"), capacity=_threads),),
        files=(Template(file("names"), checker="text"),),
        options=NamesOptions,
        accounts=(Account("database", "names", connections=_pool),),
        catalogue=(CatalogueEntry(type="identity", name="names", port="api", path="/v3"),),
        timers=(
            *stated("names", {"database connect_timeout": 3, "connection_recycle_time": 600, "restart": 5, "drain": 5}),
            Timer(
                "database read_timeout",
                lambda cloud, node: cloud.options_of(NamesOptions).patience,
                file("names"),
                "patience",
            ),
        ),
    ),
)

LAB = """
    name: lab
    platform: {type: existing, containers: true}
    networks:
      management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
    machines:
      controller: 3
"""


@functools.cache
def registry() -> Registry:
    """All of them."""
    return Registry(SERVICES)


@functools.cache
def lab() -> Cloud:
    """Three controllers and a virtual IP."""
    return samples.cloud(LAB, registry())
