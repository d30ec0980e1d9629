"""Metadata of instances: how an agent reaches Nova's API and OVN, what its unit may do, and what it leaves in the switch."""

from __future__ import annotations

import json
from configparser import ConfigParser
from pathlib import Path

import pytest

from hacienda.cloud import Cloud
from hacienda.cloudinit import render
from hacienda.declare import placeholder
from hacienda.services import neutron_metadata
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {
    "restart": Found(r"^RestartSec=(\d+)$"),
    "ovsdb probe": Found(r"^ovsdb_probe_interval = (\d+)$", "ms"),
    "ovsdb connection_timeout": Found(r"^ovsdb_connection_timeout = (\d+)$"),
    "check of proxies": Found(r"^check_child_processes_interval = (\d+)$"),
}
NODE = "cmp-1"
LEFT_OUT = composed.CHOSEN.replace("  neutron-metadata: true\n", "")


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def parsed(cloud: Cloud, service: str, path: str, node: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(composed.rendered(cloud, service, node)[path].text)
    return parser


def configuration(cloud: Cloud) -> ConfigParser:
    return parsed(cloud, "neutron-metadata", neutron_metadata.CONFIGURATION, NODE)


def test_it_asks_nova_at_the_virtual_ip_by_tls_that_it_verifies(lab: Cloud) -> None:
    asked = configuration(lab)["DEFAULT"]
    front = composed.rendered(lab, "nova")["/etc/nova/metadata.ini"].text
    assert asked["nova_metadata_protocol"] == "https"
    assert asked["nova_metadata_host"] == lab.virtual_ip("internal").name_for("internal")  # type: ignore[union-attr]
    assert f":{asked['nova_metadata_port']},/etc/nova/tls/cert.pem" in front
    assert composed.rendered(lab, "neutron-metadata", NODE)[asked["auth_ca_cert"]].mode == 0o440
    assert "nova_metadata_insecure" not in asked


def test_a_compute_and_nova_sign_with_the_same_secret(lab: Cloud) -> None:
    nova = parsed(lab, "nova", "/etc/nova/nova.conf", "ctl-1")["neutron"]
    secret = nova["metadata_proxy_shared_secret"]
    assert secret == placeholder("nova/metadata") == configuration(lab)["DEFAULT"]["metadata_proxy_shared_secret"]
    # Without this, Nova would believe any instance that it is another one.
    assert nova["service_metadata_proxy"] == "true"
    assert "nova/metadata" in render(lab, lab.node(NODE), "").secret_names
    storage = parsed(lab, "nova-compute", "/etc/nova-compute/nova-compute.conf", NODE)
    assert "metadata_proxy_shared_secret" not in storage["neutron"]


def test_nobody_outside_reaches_the_metadata_api(lab: Cloud) -> None:
    """Its clients say themselves which instance asks."""
    (front,) = (one for one in lab.registry["nova"].frontends if one.port == "metadata")
    assert front.scopes == ("internal",)
    assert not [entry for entry in lab.registry["nova"].catalogue if entry.port == "metadata"]


@pytest.mark.parametrize(("text", "enabled"), [(composed.CHOSEN, "true"), (LEFT_OUT, "false")])
def test_instances_are_sent_to_it_only_where_it_runs(text: str, enabled: str, tmp_path: Path) -> None:
    """A route to an address that never answers makes each boot wait."""
    cloud = composed.cloud(tmp_path, composed.LAB + text)
    assert parsed(cloud, "neutron", "/etc/neutron/neutron.conf", "ctl-1")["ovn"]["ovn_metadata_enabled"] == enabled


def test_it_knows_every_server_of_the_southbound_database(lab: Cloud) -> None:
    ovn = configuration(lab)["ovn"]
    assert ovn["ovn_sb_connection"] == ",".join(f"ssl:10.77.0.{host}:6642" for host in (11, 12, 13))
    files = composed.rendered(lab, "neutron-metadata", NODE)
    assert {f"{neutron_metadata.OVN_TLS}/{part}.pem" for part in ("ca", "cert", "key")} <= files.keys()


def test_every_helper_starts_without_sudo(lab: Cloud) -> None:
    """The unit gives no new privileges, so sudo would refuse."""
    found = configuration(lab)
    helpers = [name for name in found.sections() if "helper_command" in found[name]]
    assert helpers == list(neutron_metadata.HELPERS)
    assert {found[name]["helper_command"].partition(" ")[0] for name in helpers} == {"privsep-helper"}
    assert found["agent"]["root_helper"] == "env"


def test_a_proxy_can_become_its_user_and_write_to_the_agent(lab: Cloud) -> None:
    """With a directive `User=` systemd drops CAP_SETUID, and a program that root starts cannot get it back."""
    lines = composed.rendered(lab, "neutron-metadata", NODE)[neutron_metadata.UNIT].text.splitlines()
    assert not [line for line in lines if line.startswith("User=")]
    assert {"UMask=0007", f"Group={neutron_metadata.USER}"} <= set(lines)
    assert configuration(lab)["DEFAULT"]["metadata_proxy_group"] == neutron_metadata.USER


def test_no_namespace_outlives_the_agent(lab: Cloud) -> None:
    lines = composed.rendered(lab, "neutron-metadata", NODE)[neutron_metadata.UNIT].text.splitlines()
    clean = "/usr/lib/hacienda/neutron-metadata/clean.sh"
    assert {"TemporaryFileSystem=/run/netns", f"ExecStartPre={clean}", f"ExecStopPost={clean}"} <= set(lines)
    assert configuration(lab)["DEFAULT"]["state_path"] == neutron_metadata.RUNTIME


def test_its_container_lets_it_make_namespaces(lab: Cloud) -> None:
    assert lab.node(NODE).nesting
    assert not lab.node("ctl-1").nesting


VSCTL = """
if [[ $* == *list\\ Interface* ]]; then
    [[ ! -e $STATE_DIR/stopped ]] || exit 1
    cat "$STATE_DIR/interfaces"
fi
"""
CURL = """
if [[ $* == *unix-socket* ]]; then cat "$STATE_DIR/code"; exit 0; fi
[[ ! -e $STATE_DIR/unreachable ]]
"""


@pytest.fixture(name="node")
def _node(tmp_path: Path, lab: Cloud) -> Sandbox:
    programs = {"ovs-vsctl": VSCTL, "curl": CURL, "systemctl": "[[ ! -e $STATE_DIR/down ]]"}
    made = Sandbox(tmp_path / "node", lab, NODE, "neutron-metadata", programs)
    (made.state / "code").write_text("404")
    return made


def interface(name: str, kind: str = "", **ids: str) -> list[object]:
    """A row as ovs-vsctl prints it."""
    return [name, kind, ["map", [[key.replace("_", "-"), value] for key, value in ids.items()]]]


def test_ports_of_vanished_namespaces_are_removed_and_those_of_instances_stay(node: Sandbox) -> None:
    rows = [
        interface("tap3b1f2c7e-80", iface_id="metadata"),
        interface("tapaaaaaaaa-00", iface_id="instance", attached_mac="fa:16:3e:00:00:01"),
        interface("br-int", "internal"),
        interface("br-phy", "internal", iface_id="odd"),
        interface("eth1"),
    ]
    (node.state / "interfaces").write_text(json.dumps({"data": rows, "headings": ["name", "type", "external_ids"]}))
    assert node.run("clean.sh").code == 0
    changes = [call for call in node.calls("ovs-vsctl") if "del-port" in call]
    assert changes == ["--timeout=10 --if-exists del-port br-int tap3b1f2c7e-80"]


def test_nothing_is_removed_where_nothing_is_left(node: Sandbox) -> None:
    (node.state / "interfaces").write_text('{"data": []}')
    assert node.run("clean.sh").code == 0
    assert len(node.calls("ovs-vsctl")) == 1


def test_it_does_not_start_before_the_switch_says_what_is_left(node: Sandbox) -> None:
    (node.state / "stopped").touch()
    assert node.run("clean.sh").code == 1


def test_a_healthy_agent_says_that_it_knows_no_such_network(node: Sandbox) -> None:
    assert node.run("verify.sh").output == "the metadata agent answers\n"


@pytest.mark.parametrize(("code", "state"), [("000", ""), ("500", ""), ("404", "down")])
def test_an_agent_that_does_not_answer_is_unhealthy(code: str, state: str, node: Sandbox) -> None:
    (node.state / "code").write_text(code)
    if state:
        (node.state / state).touch()
    assert node.run("verify.sh", "--local").code == 1


def test_an_api_that_is_out_of_reach_is_said_but_does_not_keep_it_from_starting(node: Sandbox) -> None:
    (node.state / "unreachable").touch()
    assert "Nova's metadata API does not answer" in node.run("verify.sh").errors
    assert node.run("verify.sh", "--local").code == 0
