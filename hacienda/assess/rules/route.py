"""ROUTE: a machine without a route to what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import AddressValueError, IPv4Address

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud import routes
from hacienda.cloud.model import Cloud, Node


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation each for the virtual IP, the name servers and the time servers to which a machine has no route."""
    cloud = subject.cloud
    if (vip := cloud.virtual_ip("internal")) is not None:
        yield from _lost(
            cloud, cloud.nodes, [vip.address], f"networks.{vip.network}.vip", "the virtual IP of the internal APIs"
        )
    names = [IPv4Address(server) for server in cloud.name_servers]
    yield from _lost(cloud, cloud.nodes, names, "dns.servers", "a name server")
    if not cloud.platform.containers:
        yield from _time(cloud)


def _time(cloud: Cloud) -> Iterator[Observation]:
    """Only controllers ask the time servers; all other machines ask the controllers."""
    controllers = cloud.role("controller")
    addresses = [address for server in cloud.time_servers if (address := _address(server)) is not None]
    yield from _lost(cloud, controllers, addresses, "time.servers", "a time server")
    lost = [node for node in controllers if routes.way_out(cloud, node) is None and not any(routes.static(cloud, node))]
    if lost and len(addresses) < len(cloud.time_servers):
        server = next(server for server in cloud.time_servers if _address(server) is None)
        yield _observation(lost, "time.servers", f"{server}, a time server")


def _lost(
    cloud: Cloud, nodes: Iterable[Node], addresses: Sequence[IPv4Address], where: str, what: str
) -> Iterator[Observation]:
    """One observation if some of these machines have no route to some of these addresses."""
    missing = {(node.name, a): node for node in nodes for a in addresses if routes.leaving(cloud, node, a) is None}
    if missing:
        nodes_lost = list({node.name: node for node in missing.values()}.values())
        first = ", ".join(dict.fromkeys(str(address) for _, address in missing))
        yield _observation(nodes_lost, where, f"{first}, {what}")


def _observation(nodes: Sequence[Node], where: str, what: str) -> Observation:
    count = len(nodes) - 1
    more = f" and {count} more machine{'s' if count > 1 else ''} have" if count else " has"
    return Observation(
        where, f"{nodes[0].name}{more} no route to {what}.", concerns=tuple(sorted({n.role for n in nodes}))
    )


def _address(server: str) -> IPv4Address | None:
    try:
        return IPv4Address(server)
    except AddressValueError:
        return None


rule = Rule(
    id="ROUTE",
    title="A machine without a route to what it needs",
    severity="error",
    reason="Without a route nothing answers: services wait for names, clocks drift apart, and clients of an unreachable API fail "
    "after a time-out.",
    fix="Name a `gateway` or `routes` on a network that the machines are on, or put them on the other network (`roles`).",
    find=_find,
)
