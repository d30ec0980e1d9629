"""OVN's chassis: the switch of a machine with instances or gateways, and the daemon that keeps its flows.

On machines the kernel forwards (datapath `system`). Containers share a kernel that they must not change, so Open vSwitch forwards
in userspace there (datapath `netdev`). It reads the cards itself, and the address of tunnels is on a bridge of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hacienda.cloud import interfaces, routes
from hacienda.cloud.model import Cloud, Network, Node, PhysicalNetwork
from hacienda.declare import (
    Assumption,
    Certificate,
    Instead,
    NodeFile,
    Port,
    Redundancy,
    Sandbox,
    Script,
    Service,
    Station,
    Template,
    Timer,
)
from hacienda.services.openstack import logical_network

SETTINGS = "/etc/openvswitch/hacienda.json"
TLS = "/etc/ovn-chassis/ovn"
MANAGER_PORT = 6640
"""TCP port on 127.0.0.1 at which os-vif reaches Open vSwitch's database: the number in Open vSwitch's manuals."""

UNDERLAY = "br-phy"
"""Bridge with the tunnels' address, in containers."""

_NOT_EVERYWHERE = ("ovn-bridge-mappings", "ovn-cms-options")


def _outside(cloud: Cloud, node: Node) -> Mapping[str, tuple[PhysicalNetwork, str]]:
    """Physical networks on which the machine has a card that belongs to the switch, by name of the network, each with the card."""
    cards = interfaces.names(cloud, node)
    return {
        network.name: (network.physical, cards[network.name])
        for network in cloud.physical_networks
        if network.physical and network.without_addresses and network.name in cards
    }


def _gateways(cloud: Cloud) -> tuple[Node, ...]:
    """Machines that carry gateways of tenants' routers."""
    networks = [network for network in cloud.physical_networks if network.without_addresses]
    found = {node.name for network in networks for node in cloud.gateways(network)}
    return tuple(node for node in cloud.members(service.name) if node.name in found)


def _gateway(cloud: Cloud, node: Node) -> bool:
    """Whether the machine carries gateways."""
    return node in _gateways(cloud)


def _domain(cloud: Cloud, node: Node) -> str:
    """Gateways restart one after another. A single one has no other to wait for."""
    return node.name if _gateway(cloud, node) and len(_gateways(cloud)) > 1 else ""


def _bridges(cloud: Cloud, node: Node) -> dict[str, str]:
    """Bridge -> the interface that is its port."""
    found = {}
    if cloud.platform.containers:
        found[UNDERLAY] = interfaces.names(cloud, node)[cloud.network("tenant").name]
    return found | {physical.bridge: card for physical, card in _outside(cloud, node).values()}


def _settings(cloud: Cloud, node: Node) -> str:
    """What `configure.sh` writes into the switch's database."""
    datapath = "netdev" if cloud.platform.containers else "system"
    ids = {
        # Neutron and Nova find the machine by this name.
        "hostname": node.name,
        "system-id": node.name,
        "ovn-bridge": "br-int",
        "ovn-bridge-datapath-type": datapath,
        "ovn-encap-ip": str(cloud.address(node, "tenant")),
        "ovn-encap-type": "geneve",
        "ovn-remote": logical_network.databases(cloud)["sb"],
        "ovn-remote-probe-interval": str(int(service.timed("probe of the southbound database") * 1000)),
    }
    if outside := _outside(cloud, node):
        ids["ovn-bridge-mappings"] = ",".join(f"{physical.name}:{physical.bridge}" for physical, _ in outside.values())
    if _gateway(cloud, node):
        ids["ovn-cms-options"] = "enable-chassis-as-gw"
    settings = {
        "datapath": datapath,
        "external_ids": ids,
        "absent": [key for key in _NOT_EVERYWHERE if key not in ids],
        # A container's card hands over packets without checksums, as virtual cards do, and larger ones than its MTU.
        "other_config": {"userspace-tso-enable": "true"} if cloud.platform.containers else {},
        "bridges": _bridges(cloud, node),
    }
    return json.dumps(settings, indent=4)


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {"settings": _settings(cloud, node), "manager": MANAGER_PORT, "tls": TLS}


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "encap_address": cloud.address(node, "tenant"),
        "cards": tuple(_bridges(cloud, node).values()) if cloud.platform.containers else (),
        # Ends of the tunnels to the other gateways.
        "gateways": tuple(
            cloud.address(other, "tenant")
            for other in (_gateways(cloud) if _gateway(cloud, node) else ())
            if other is not node
        ),
    }


def _node_files(cloud: Cloud, node: Node) -> tuple[NodeFile, ...]:
    """In containers: networkd's files of the switch's cards and of the bridge with the tunnels' address. networkd uses the first
    file that matches, so these come before cloud-init's."""
    if not cloud.platform.containers:
        return ()
    tenant = cloud.network("tenant")
    mtus = {name: _network(cloud, node, name).mtu for name in _bridges(cloud, node).values()}
    cards = (
        NodeFile(
            f"/etc/systemd/network/05-hacienda-{card}.network",
            f"[Match]\nName={card}\n\n[Link]\nMTUBytes={mtu}\nRequiredForOnline=no\n\n"
            "[Network]\nDHCP=no\nLinkLocalAddressing=no\n",
            checker="networkd",
        )
        for card, mtu in mtus.items()
    )
    lines = [
        f"[Match]\nName={UNDERLAY}\n\n[Link]\nMTUBytes={tenant.mtu}\nRequiredForOnline=no\n\n[Network]\nDHCP=no\n"
        f"LinkLocalAddressing=no\n\n[Address]\nAddress={cloud.address(node, 'tenant')}/{tenant.cidr.prefixlen}\n"
    ]
    lines += [
        f"\n[Route]\nDestination={route.to}\nGateway={route.via}\n"
        for leaves, route in routes.static(cloud, node)
        if leaves is tenant
    ]
    bridge = NodeFile(f"/etc/systemd/network/05-hacienda-{UNDERLAY}.network", "".join(lines), checker="networkd")
    return (*cards, bridge)


def _network(cloud: Cloud, node: Node, interface: str) -> Network:
    """The network of an interface of the node."""
    names = interfaces.names(cloud, node)
    return next(network for network in cloud.attached(node) if names[network.name] == interface)


_UNITS = ("ovsdb-server.service", "ovs-vswitchd.service", "ovn-controller.service")
_NETLINK = "AF_UNIX AF_INET AF_INET6 AF_NETLINK"

service = Service(
    name="ovn-chassis",
    title="The switch of a machine, Open vSwitch under OVN",
    roles=("network", "compute"),
    stand_in="controller",
    choice="on request",
    requires=("logical network",),
    serves_without=("logical network",),
    provides=("virtual switch",),
    drained_by="logical network",
    redundancy=(Redundancy("gateways", copies=lambda cloud: len(_gateways(cloud)), domain=_domain),),
    # Routers are on gateways. Another one takes over what a lost one carries.
    stands_in=(Station("instance reachable", "any", on=_gateway),),
    after=("host", "firewall", "chrony"),
    devices=("/dev/net/tun",),
    packages=("ovn-host", "ovn-common", "openvswitch-switch", "openvswitch-common", "jq", "nftables", "kmod"),
    data=("/var/lib/openvswitch",),
    units=_UNITS,
    ports=(Port("geneve", 6081, clients="internal", protocol="udp", network="tenant"),),
    files=(
        # ovn-controller reads changed certificates itself: docs/services/ovn.md.
        Certificate(TLS, usage="client", authority="ovn", role="ovn-chassis", on_change="none"),
        Template(SETTINGS, checker="openvswitch", source="settings.json.j2", on_change="reload"),
        *(Template(f"/etc/systemd/system/{unit}", checker="systemd-analyze") for unit in _UNITS),
    ),
    node_files=_node_files,
    variables=_variables,
    facts=_facts,
    timers=(Timer("probe of the southbound database", 5, SETTINGS),),
    prepare=Script("prepare.sh"),
    verify=Script("verify.sh"),
    scripts=(
        Script("configure.sh", on_change="reload"),
        Script("gateways.sh"),
        Script("may-stop.sh"),
        Script("settled.sh"),
    ),
    sandboxes=(
        Sandbox(
            "ovsdb-server.service",
            ceiling=2.8,
            instead=(Instead("RestrictAddressFamilies", _NETLINK, "it asks for the machine's addresses over netlink"),),
        ),
        Sandbox(
            "ovs-vswitchd.service",
            ceiling=4.5,
            instead=(
                Instead("PrivateDevices", "", "it makes network devices through /dev/net/tun"),
                Instead(
                    "RestrictAddressFamilies",
                    f"{_NETLINK} AF_PACKET",
                    "it makes bridges, and reads cards in containers",
                ),
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_NICE",
                    "it makes network devices, reads cards, and sets the priority of its threads",
                ),
            ),
        ),
        Sandbox(
            "ovn-controller.service",
            ceiling=2.8,
            instead=(Instead("RestrictAddressFamilies", _NETLINK, "it asks for the machine's addresses over netlink"),),
        ),
    ),
    held=("ovn-host", "ovn-common", "openvswitch-switch", "openvswitch-common"),
    assumptions=(
        Assumption("openvswitch-common", "program", "/usr/sbin/ovsdb-server", reason="ovsdb-server.service starts it"),
        Assumption("openvswitch-switch", "program", "/usr/sbin/ovs-vswitchd", reason="ovs-vswitchd.service starts it"),
        Assumption("openvswitch-common", "program", "/usr/bin/ovs-appctl", reason="scripts ask daemons with it"),
        Assumption("ovn-host", "program", "/usr/bin/ovn-controller", reason="ovn-controller.service starts it"),
        Assumption(
            "openvswitch-switch",
            "file",
            "/usr/share/openvswitch/vswitch.ovsschema",
            reason="the switch's database is made with it",
        ),
    ),
)
