"""keepalived: holds the virtual IPs on one living load balancer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Annotated, Any

from pydantic import Field

from hacienda.cloud.model import Cloud, Node, VirtualIp
from hacienda.declare import (
    Assumption,
    Instead,
    Port,
    Sandbox,
    Script,
    Service,
    ServiceOptions,
    Template,
    Timer,
    sandbox,
)


class Options(ServiceOptions):
    """Options of keepalived."""

    advert_interval: Annotated[float, Field(ge=0.01, le=40)] = 0.3
    """Seconds between the holder's advertisements; three missing ones move the address. Default: 0.3, which moved it in
    1.1 s as measured. VRRPv3 counts in hundredths of a second."""


CONFIGURATION = "/etc/keepalived/keepalived.conf"

_USER = "keepalived_script"
"""Who runs the check script. It is the name keepalived itself looks for."""

_FIRST_PRIORITY = 250
_PRIORITY_STEP = 10
_PLACES = _FIRST_PRIORITY // _PRIORITY_STEP
"""Priorities that the step leaves room for; VRRP's lowest is 1."""


@dataclass(frozen=True)
class Instance:
    """One virtual IP on one node.

    Args:
        vip: the virtual IP.
        address: the node's address beside it.
        interface: name of keepalived's variable for the interface that has that address; the script that starts keepalived sets
            it.
        elsewhere: it is on another interface than the advertisements, which must live as well.
    """

    vip: VirtualIp
    address: IPv4Address
    interface: str
    elsewhere: bool


def _variable(network: str) -> str:
    return f"NIC_{network.replace('-', '_')}"


def _instances(cloud: Cloud, node: Node) -> tuple[Instance, ...]:
    found = []
    for vip in cloud.virtual_ips:
        network = vip.network if vip.network in node.addresses else cloud.management.name
        address, elsewhere = node.addresses[network], network != cloud.management.name
        found.append(Instance(vip, address, _variable(network), elsewhere))
    return tuple(found)


def _priority(cloud: Cloud, node: Node) -> int:
    """From the node's own number, so that no node's priority depends on the others; where these numbers are not all different
    and small (controllers with pinned addresses), from its rank among the candidates. Two must never be equal: equals
    become holders at the same moment, and only their addresses then decide who stays.

    It decides nothing but who comes first when nobody holds the address: a step of 10 is a head start of 12 ms.
    """
    candidates = cloud.members("keepalived")
    numbers = {one.number for one in candidates}
    if len(numbers) == len(candidates) and numbers <= set(range(1, _PLACES + 1)):
        return _FIRST_PRIORITY - _PRIORITY_STEP * (node.number - 1)
    return _FIRST_PRIORITY - min(_PRIORITY_STEP, _FIRST_PRIORITY // len(candidates)) * candidates.index(node)


def _interfaces(cloud: Cloud, node: Node) -> Mapping[str, IPv4Address]:
    """Variable of each interface that keepalived uses -> the node's address there. Advertisements travel on management alone,
    whatever network a virtual IP is on: nobody on a public one says who holds it."""
    if not cloud.virtual_ips:
        return {}
    own = {_variable(cloud.management.name): cloud.address(node)}
    return own | {instance.interface: instance.address for instance in _instances(cloud, node)}


def _health_port(cloud: Cloud) -> int:
    return cloud.registry["haproxy"].port("statistics").number


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "instances": _instances(cloud, node),
        "control": _variable(cloud.management.name),
        "interfaces": _interfaces(cloud, node),
        "address": cloud.address(node),
        "peers": [cloud.address(peer) for peer in cloud.peers("keepalived", node)],
        "priority": _priority(cloud, node),
        "user": _USER,
        "health_port": _health_port(cloud),
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "virtual_ips": [str(vip.address) for vip in cloud.virtual_ips],
        "interfaces": [f"{name}={address}" for name, address in _interfaces(cloud, node).items()],
        "check_user": _USER,
        "health_port": _health_port(cloud),
    }


service = Service(
    name="keepalived",
    title="The virtual IPs, on one living load balancer",
    roles=("controller",),
    requires=("load balancer",),
    provides=("virtual ip",),
    after=("host", "firewall"),
    packages=("keepalived", "iputils-ping"),
    units=("keepalived.service",),
    ports=(Port("vrrp", 112, clients="peers", protocol="vrrp"),),
    files=(
        Template(CONFIGURATION, checker="keepalived", on_change="reload"),
        Template("/etc/systemd/system/keepalived.service", checker="systemd-analyze"),
    ),
    variables=_variables,
    facts=_facts,
    options=Options,
    timers=(
        Timer(
            "advert_int",
            lambda cloud, node: cloud.options_of(Options).advert_interval,
            CONFIGURATION,
            "advert_interval",
        ),
        Timer("priority", _priority, CONFIGURATION),
        Timer("script interval", 1, CONFIGURATION),
        Timer("script timeout", 1, CONFIGURATION),
        Timer("script fall", 2, CONFIGURATION),
        Timer("garp_interval", 0.2, CONFIGURATION),
        Timer("garp_master_delay", 5, CONFIGURATION),
        Timer("garp_master_repeat", 25, CONFIGURATION),
    ),
    join=Script("join.sh"),
    sandboxes=(
        Sandbox(
            "keepalived.service",
            ceiling=4.0,
            instead=(
                Instead("ProtectSystem", "full", "its process files are in /run itself"),
                sandbox.COMPILES_PATTERNS,
                Instead("RestrictRealtime", "", "it must not miss its own advertisements"),
                Instead(
                    "RestrictAddressFamilies",
                    "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET",
                    "it sets addresses and announces them",
                ),
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BROADCAST CAP_SETGID "
                    "CAP_SETUID CAP_KILL CAP_DAC_OVERRIDE CAP_SYS_NICE CAP_IPC_LOCK",
                    "addresses, raw packets, and a user of its own for its check",
                ),
            ),
        ),
    ),
    verify=Script("verify.sh"),
    scripts=(Script("check-haproxy.sh"),),
    assumptions=(
        Assumption("keepalived", "program", "/usr/sbin/keepalived", reason="keepalived.service starts it"),
        Assumption("coreutils", "program", "/bin/false", reason="the user of its check has no other shell"),
    ),
)
