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
    """Seconds between the holder's advertisements; three missing ones move the address. Default: 0.3, with which it moves in
    1.1 s (measured). VRRPv3 counts in hundredths of a second."""


CONFIGURATION = "/etc/keepalived/keepalived.conf"

_USER = "keepalived_script"
"""User of the check script. keepalived looks for this name by default."""

_FIRST_PRIORITY = 250
_PRIORITY_STEP = 10
_PLACES = _FIRST_PRIORITY // _PRIORITY_STEP
"""How many priorities the step allows; VRRP's lowest is 1."""


@dataclass(frozen=True)
class Instance:
    """One virtual IP on one node.

    Args:
        vip: the virtual IP.
        address: the node's address beside it.
        interface: name of keepalived's variable for the interface that has that address; the script that starts keepalived sets
            it.
        elsewhere: whether that is not the interface of the advertisements, so that keepalived has to track it.
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
    """VRRP priority, from the node's own number, so that it does not depend on other nodes. Where these numbers are not all
    different and small (controllers with pinned addresses), it comes from the node's rank among the candidates.

    Two must never be equal: equal nodes become holders at the same moment, and only their addresses then decide which one stays.
    The priority decides only which node comes first when none holds the address: a step of 10 is a head start of 12 ms.
    """
    candidates = cloud.members("keepalived")
    numbers = {one.number for one in candidates}
    if len(numbers) == len(candidates) and numbers <= set(range(1, _PLACES + 1)):
        return _FIRST_PRIORITY - _PRIORITY_STEP * (node.number - 1)
    return _FIRST_PRIORITY - min(_PRIORITY_STEP, _FIRST_PRIORITY // len(candidates)) * candidates.index(node)


def _interfaces(cloud: Cloud, node: Node) -> Mapping[str, IPv4Address]:
    """Variable of each interface that keepalived uses -> the node's address there. Advertisements use the management network
    alone, whatever network a virtual IP is on, so that machines on a public network cannot take part."""
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
    users=(_USER,),
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
    prepare=Script("prepare.sh"),
    sandboxes=(
        Sandbox(
            "keepalived.service",
            ceiling=4.0,
            instead=(
                Instead("ProtectSystem", "full", "it writes its PID files to /run itself"),
                sandbox.COMPILES_PATTERNS,
                Instead("RestrictRealtime", "", "it must send its advertisements in time"),
                Instead(
                    "RestrictAddressFamilies",
                    "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET",
                    "it sets addresses and announces them",
                ),
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BROADCAST CAP_SETGID "
                    "CAP_SETUID CAP_KILL CAP_DAC_OVERRIDE CAP_SYS_NICE CAP_IPC_LOCK",
                    "it sets addresses, sends raw packets, and runs its check as another user",
                ),
            ),
        ),
    ),
    verify=Script("verify.sh"),
    scripts=(Script("check-haproxy.sh"),),
    assumptions=(
        Assumption("keepalived", "program", "/usr/sbin/keepalived", reason="keepalived.service starts it"),
        Assumption("coreutils", "program", "/bin/false", reason="it is the shell of the check's user"),
    ),
)
