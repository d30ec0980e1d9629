"""The frozen services and those that tenants need besides: networks, storage, images, and computes with instances."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hacienda.cloud import Cloud, Node
from hacienda.declare import (
    Account,
    AccountKind,
    Capability,
    CatalogueEntry,
    Check,
    Frontend,
    NoTimer,
    Port,
    Redundancy,
    Registry,
    Script,
    Service,
    Station,
    Template,
)
from tests import frozen
from tests.cloud import samples
from tests.frozen import VERIFY, file, stated

CALLS = {
    "rpc_response_timeout": 60, "heartbeat_timeout_threshold": 20, "heartbeat_rate": 4, "kombu_reconnect_delay": 1,
    "rabbit_interval_max": 4,
}  # fmt: skip
"""A call by the message queue: noticed after 20 / 4 + 20 s, then 1 s and 4 s."""
REPORTS = {"report_interval": 10, "service_down_time": 50}
QUERIES = {
    "database connect_timeout": 3, "database read_timeout": 5, "connection_recycle_time": 600, "restart": 5, "drain": 5,
}  # fmt: skip
STORING = {
    "osd_heartbeat_grace": 12, "osd_heartbeat_interval": 3, "osd_mon_report_interval": 5, "mon_osd_min_down_reporters": 2,
    "mon_lease": 5, "mon_election_timeout": 5,
}  # fmt: skip
CALL = Account("messaging", "shared")
DISK = Account("storage", "shared", caps=(("mon", "profile"),))


def api(
    name: str,
    kind: str,
    number: int,
    provides: Capability,
    requires: Iterable[Capability] = (),
    accounts: tuple[Account, ...] = (),
    times: Mapping[str, float] = MappingProxyType({}),
) -> Service:
    """An API that others find in the catalogue."""
    asked: tuple[Capability, ...] = ("identity", "database", "load balancer", "virtual ip")
    return Service(
        name,
        f"Serves {kind}",
        ("controller",),
        VERIFY,
        requires=(*asked, *requires),
        provides=(provides,),
        ports=(Port("api", number, "internal"),),
        frontends=(Frontend("api", Check("/"), capacity=lambda cloud, node: 8),),
        catalogue=(CatalogueEntry(type=kind, name=name, port="api"),),
        files=(Template(file(name), checker="text"),),
        accounts=(Account("database", name, connections=lambda cloud, node: 10), *accounts),
        timers=stated(name, {**QUERIES, **times}),
    )


def _domain(cloud: Cloud, node: Node) -> str:
    return node.domains.get("rack", node.name)


def kept(copies: int = 3, minimum: int = 2) -> Redundancy:
    """Copies of volumes, on the disks."""
    return Redundancy("volumes", lambda cloud: copies, minimum, held_by="disks", domain=_domain)


SERVICES = (
    *(
        replace(
            one,
            hands_out=(AccountKind("messaging"),),
            reconcile=Script("reconcile.sh"),
        )
        if one.name == "bus"
        else one
        for one in frozen.SERVICES
    ),
    Service(
        "wires",
        "Logical networks",
        ("controller",),
        VERIFY,
        provides=("logical network",),
        voters=True,
        files=(Template(file("wires"), checker="text"),),
        timers=stated(
            "wires", {"bfd interval": 0.5, "bfd multiplier": 4, "election": 1, "northd's inactivity probe": 5}
        ),
    ),
    Service(
        "store",
        "The storage cluster",
        ("controller",),
        VERIFY,
        provides=("storage cluster",),
        hands_out=(AccountKind("storage", takes=("caps",)),),
        reconcile=Script("reconcile.sh"),
        voters=True,
        redundancy=(kept(),),
        files=(Template(file("store"), checker="text"),),
        timers=stated("store", STORING),
    ),
    Service(
        "disks",
        "Where copies are",
        ("storage",),
        VERIFY,
        requires=("storage cluster",),
        accounts=(DISK,),
        timers=(NoTimer("client_mount_timeout", "waits without an end"),),
    ),
    api("pictures", "image", 9292, "image"),
    api("nets", "network", 9696, "instance network", ("logical network",)),
    api(
        "volumes",
        "block-storage",
        8776,
        "block storage",
        ("storage cluster", "message queue"),
        accounts=(CALL, DISK),
        times={**CALLS, **REPORTS, "client_mount_timeout": 20},
    ),
    api(
        "machines",
        "compute",
        8774,
        "instances",
        ("image", "instance network", "message queue"),
        accounts=(CALL,),
        times=CALLS,
    ),
    Service(
        "switch",
        "The switch of a machine",
        ("network", "compute"),
        VERIFY,
        requires=("logical network",),
        serves_without=("logical network",),
        provides=("virtual switch",),
        stands_in=(Station("instance reachable", "any", on=lambda cloud, node: node.role == "network"),),
        timers=(NoTimer("every", "made up for tests"),),
    ),
    Service(
        "guests",
        "Instances of a compute",
        ("compute",),
        VERIFY,
        requires=("instances", "message queue"),
        wants=("block storage", "storage cluster"),
        stands_in=(
            Station("instance reachable", "own", daemon=False, beside=("virtual switch",)),
            Station("volume I/O", "own", daemon=False, needs=("storage cluster",), only_with="block storage"),
            Station("new instance", "any", beside=("virtual switch",), needs=("instances", "storage cluster")),
        ),
        files=(Template(file("guests"), checker="text"),),
        accounts=(CALL, DISK),
        timers=stated("guests", {**CALLS, **REPORTS, "client_mount_timeout": 20}),
    ),
)

CLOUD = """
    name: whole
    platform: {type: existing}
    networks:
      management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
      external: {cidr: 10.76.0.0/24, gateway: 10.76.0.1, roles: [network]}
    machines:
      controller: 3
      network: 2
      compute: 2
      storage: 3
"""


@functools.cache
def registry() -> Registry:
    """All of them."""
    return Registry(SERVICES)


def cloud(*pieces: str, services: Registry | None = None) -> Cloud:
    """A cloud with every role.

    Args:
        pieces: pieces of its file and what stands there instead, in pairs.
        services: other services.
    """
    text = CLOUD
    for piece, instead in zip(pieces[::2], pieces[1::2], strict=True):
        assert piece in text, piece
        text = text.replace(piece, instead)
    return samples.cloud(text, services or registry())


@functools.cache
def whole() -> Cloud:
    """The cloud as it is."""
    return cloud()


def changed(name: str, **fields: Any) -> Registry:
    """The services with other fields of one."""
    return Registry(replace(one, **fields) if one.name == name else one for one in SERVICES)


def without(*names: str) -> Registry:
    """The services without some."""
    return Registry((one for one in SERVICES if one.name not in names), names)
