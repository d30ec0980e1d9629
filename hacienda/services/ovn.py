"""OVN's control plane: the logical networks, as two replicated databases, and the daemon that translates one into the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Assumption,
    Certificate,
    Port,
    Sandbox,
    Script,
    Service,
    Template,
    Timer,
    sandbox,
)

TLS = "/etc/ovn/tls"
CLIENT = "/etc/ovn/client"


def _at(cloud: Cloud, port: str) -> str:
    """How clients connect to a port of all members."""
    number = service.port(port).number
    return ",".join(f"ssl:{cloud.address(member)}:{number}" for member in cloud.members(service.name))


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "address": cloud.address(node),
        "northbound": service.port("northbound").number,
        "southbound": service.port("southbound").number,
        "northd": service.port("northd").number,
        "northbounds": _at(cloud, "northbound"),
        "northds": _at(cloud, "northd"),
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "nb_port": service.port("northbound").number,
        "sb_port": service.port("southbound").number,
        "nb_raft_port": service.port("northbound members").number,
        "sb_raft_port": service.port("southbound members").number,
    }


_UNITS = ("ovn-ovsdb-server-nb.service", "ovn-ovsdb-server-sb.service", "ovn-northd.service")

service = Service(
    name="ovn",
    title="Logical networks, OVN databases and northd",
    roles=("controller",),
    choice="on request",
    requires=("coordination",),
    serves_without=("coordination",),
    provides=("logical network",),
    after=("host", "firewall", "chrony"),
    voters=True,
    packages=("ovn-central", "ovn-common", "openvswitch-common", "jq"),
    users=("ovn",),
    data=("/var/lib/ovn",),
    units=_UNITS,
    ports=(
        Port("northbound", 6641, clients="internal"),
        Port("southbound", 6642, clients="internal"),
        Port("northbound members", 6643, clients="peers"),
        Port("southbound members", 6644, clients="peers"),
        Port("northd", 6645, clients="peers"),
    ),
    files=(
        # The daemons read changed certificates themselves: docs/services/ovn.md.
        Certificate(TLS, group="ovn", usage="peer", on_change="none"),
        Certificate(CLIENT, group="ovn", usage="client", role="ovn", on_change="none"),
        Template("/etc/ovn/nb.json", checker="ovsdb-server"),
        Template("/etc/ovn/sb.json", checker="ovsdb-server"),
        *(Template(f"/etc/systemd/system/{unit}", checker="systemd-analyze") for unit in _UNITS),
    ),
    variables=_variables,
    facts=_facts,
    timers=(
        Timer("inactivity probe", 60, "/etc/ovn/sb.json"),
        Timer("northd's inactivity probe", 5, "/etc/ovn/sb.json"),
        Timer("election", 1, "/usr/lib/hacienda/ovn/bootstrap.sh"),
        Timer("bfd interval", 1, "/usr/lib/hacienda/ovn/reconcile.sh"),
        Timer("bfd multiplier", 3, "/usr/lib/hacienda/ovn/reconcile.sh"),
    ),
    prepare=Script("prepare.sh"),
    bootstrap=Script("bootstrap.sh"),
    join=Script("join.sh"),
    reconcile=Script("reconcile.sh"),
    verify=Script("verify.sh"),
    leave=Script("leave.sh"),
    scripts=(Script("common.sh"), Script("found-again.sh"), Script("may-stop.sh")),
    sandboxes=tuple(Sandbox(unit, ceiling=2.5, instead=(sandbox.ASKS_FOR_ADDRESSES,)) for unit in _UNITS),
    held=("ovn-central", "ovn-common", "openvswitch-common"),
    assumptions=(
        Assumption("openvswitch-common", "program", "/usr/sbin/ovsdb-server", reason="it serves both databases"),
        Assumption(
            "openvswitch-common", "program", "/usr/bin/ovs-appctl", reason="units and scripts control daemons with it"
        ),
        Assumption("ovn-central", "program", "/usr/bin/ovn-northd", reason="ovn-northd.service starts it"),
        Assumption("ovn-central", "file", "/usr/share/ovn/ovn-nb.ovsschema", reason="the database is founded with it"),
        Assumption("ovn-central", "file", "/usr/share/ovn/ovn-sb.ovsschema", reason="the database is founded with it"),
        Assumption(
            "openvswitch-common",
            "answer",
            "ovsdb-server --help",
            "--config-file",
            reason="listeners and their probes are in a file, so that no database has to hold them",
        ),
        Assumption(
            "openvswitch-common",
            "answer",
            "ovsdb-tool --help",
            "--election-timer",
            reason="the databases are founded with it",
        ),
    ),
)
