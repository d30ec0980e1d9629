"""Metadata of instances: on each compute an agent answers http://169.254.169.254 in the networks of the compute's instances.

For each network it makes a network namespace with a port of that network and a HAProxy, which adds the network's identifier. The
agent finds the instance by network and address, signs its identifier, and asks Nova's metadata API at the virtual IP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Assumption,
    Certificate,
    Instead,
    Sandbox,
    Script,
    Service,
    Template,
    Timer,
    TrustAnchor,
)
from hacienda.services.openstack import instance_metadata, logical_network

FOLDER = "/etc/neutron-metadata"
CONFIGURATION = f"{FOLDER}/neutron-metadata.conf"
OVN_TLS = f"{FOLDER}/ovn"
TRUST = f"{FOLDER}/identity"
RUNTIME = "/run/neutron-metadata"
UNIT = "/etc/systemd/system/neutron-metadata.service"
USER = "neutron"
"""User of the proxies, which read what instances send."""
PRIVILEGES = (
    "CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_KILL CAP_NET_ADMIN CAP_NET_BIND_SERVICE CAP_NET_RAW "
    "CAP_SETGID CAP_SETUID CAP_SYS_ADMIN CAP_SYS_PTRACE"
)
"""Capabilities of Neutron's helper (neutron/privileged/__init__.py), and those with which a proxy opens port 80 as USER."""
HELPERS = ("privsep", "privsep_link", "privsep_namespace")
"""Sections of the helper's contexts that the agent uses."""


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    nova = cloud.registry.provider("instances")
    host, port = cloud.endpoint(nova.name, "metadata")
    return {
        "configuration": CONFIGURATION,
        "helpers": HELPERS,
        "metadata": {"host": host, "port": port, "secret": instance_metadata.SECRET.name},
        "ovn_tls": OVN_TLS,
        "privileges": PRIVILEGES,
        "runtime": RUNTIME,
        "southbound": logical_network.databases(cloud)["sb"],
        "trust": TRUST,
        "user": USER,
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    host, port = cloud.endpoint(cloud.registry.provider("instances").name, "metadata")
    return {"metadata_url": f"https://{host}:{port}/", "metadata_socket": f"{RUNTIME}/proxy"}


service = Service(
    name="neutron-metadata",
    title="Metadata of instances, on their computes",
    roles=("compute",),
    choice="on request",
    requires=("logical network", "instance network", "instances", "identity"),
    provides=("instance metadata",),
    after=("ovn-chassis",),
    # The package neutron-ovn-metadata-agent brings a script of System V, which starts by itself. Its program is in neutron-common.
    packages=("curl", "haproxy", "jq", "neutron-common", "openvswitch-switch", "python3-neutron"),
    units=("neutron-metadata.service",),
    nesting=True,
    files=(
        # Each connection to the database reads it.
        Certificate(OVN_TLS, group=USER, usage="client", authority="ovn", role="neutron-metadata", on_change="none"),
        # Each request reads it.
        TrustAnchor(TRUST, "identity", group=USER, on_change="none"),
        Template(CONFIGURATION, checker="oslo-config-validator", group=USER, mode=0o640),
        Template(UNIT, checker="systemd-analyze"),
    ),
    variables=_variables,
    facts=_facts,
    secrets=(instance_metadata.SECRET,),
    timers=(
        Timer("restart", 2, UNIT),
        Timer("ovsdb probe", 5, CONFIGURATION),
        Timer("ovsdb connection_timeout", 60, CONFIGURATION),
        Timer("check of proxies", 5, CONFIGURATION),
    ),
    verify=Script("verify.sh"),
    scripts=(Script("clean.sh"),),
    sandboxes=(
        Sandbox(
            "neutron-metadata.service",
            ceiling=4.6,
            instead=(
                Instead("MemoryDenyWriteExecute", "", "Python's foreign functions write code"),
                Instead("PrivateDevices", "", "a container lets it mount /sys only while it sees /dev/.lxc"),
                Instead("ProtectKernelTunables", "", "each namespace has a /sys of its own, whose settings it writes"),
                Instead("RestrictNamespaces", "net mnt", "each network of instances has a network namespace"),
                Instead("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET", "it sets ports up"),
                Instead("SystemCallFilter", "@system-service @mount", "it mounts each namespace's name and /sys"),
                Instead("CapabilityBoundingSet", PRIVILEGES, "its helper makes namespaces and starts proxies there"),
            ),
        ),
    ),
    assumptions=(
        Assumption("neutron-common", "user", USER, reason="the proxies run as that user"),
        Assumption("neutron-common", "group", USER, reason="the group may read its configuration"),
        Assumption(
            "neutron-common",
            "program",
            "/usr/bin/neutron-ovn-metadata-agent",
            reason="neutron-metadata.service starts it",
        ),
        Assumption("haproxy", "program", "/usr/sbin/haproxy", reason="the agent starts one for each network"),
        Assumption(
            "python3-oslo.privsep", "program", "/usr/bin/privsep-helper", reason="the agent's helper is started by it"
        ),
    ),
)
