"""OVN's chassis: its name, its tunnels, its bridges, and which card belongs to the switch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hacienda.services import ovn_chassis
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {"probe of the southbound database": Found(r'"ovn-remote-probe-interval": "(\d+)"', "ms")}

TEXT = """
name: chassis
platform: incus
networks:
  management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
  tenant: {cidr: 10.79.0.0/24, mtu: 1400}
  external: {cidr: 10.76.0.0/24, gateway: 10.76.0.1, roles: [network]}
machines:
  controller: 3
  network: 2
  compute: 2
services: {ovn: true, ovn-chassis: true}
"""
MACHINES = TEXT.replace("platform: incus", "platform: {type: existing}")


def settings(tmp_path: Path, node: str, text: str = TEXT) -> Any:
    rendered = composed.rendered(composed.cloud(tmp_path, text), "ovn-chassis", node)
    return json.loads(rendered[ovn_chassis.SETTINGS].text)


def test_a_chassis_has_the_nodes_name_and_knows_every_controller(tmp_path: Path) -> None:
    ids = settings(tmp_path, "cmp-2")["external_ids"]
    assert (ids["system-id"], ids["hostname"]) == ("cmp-2", "cmp-2")
    assert ids["ovn-remote"] == "ssl:10.77.0.11:6642,ssl:10.77.0.12:6642,ssl:10.77.0.13:6642"
    assert (ids["ovn-encap-type"], ids["ovn-encap-ip"]) == ("geneve", "10.79.0.102")


def test_gateways_alone_reach_the_external_network(tmp_path: Path) -> None:
    gateway, compute = settings(tmp_path, "net-1"), settings(tmp_path, "cmp-1")
    assert gateway["external_ids"]["ovn-bridge-mappings"] == "external:br-ex"
    assert gateway["external_ids"]["ovn-cms-options"] == "enable-chassis-as-gw"
    assert (gateway["bridges"]["br-ex"], gateway["absent"]) == ("eth2", [])
    assert "br-ex" not in compute["bridges"]
    assert set(compute["absent"]) == {"ovn-bridge-mappings", "ovn-cms-options"}
    assert not set(compute["absent"]) & compute["external_ids"].keys()


TRUNK = (
    "  trunk: {cidr: 10.75.0.0/24, purpose: external, roles: [network, compute], "
    "provider: {name: physnet1, vlans: [100-199]}}\n"
)


def test_each_physical_network_has_a_bridge_on_the_machines_with_its_card(tmp_path: Path) -> None:
    text = TEXT.replace("machines:\n", f"{TRUNK}machines:\n")
    gateway, compute = settings(tmp_path, "net-1", text), settings(tmp_path, "cmp-1", text)
    assert gateway["external_ids"]["ovn-bridge-mappings"] == "external:br-ex,physnet1:ex-physnet1"
    assert gateway["bridges"] == {"br-phy": "eth1", "br-ex": "eth2", "ex-physnet1": "eth3"}
    # A compute connects its own instances, and carries no routers of others.
    assert compute["external_ids"]["ovn-bridge-mappings"] == "physnet1:ex-physnet1"
    assert compute["bridges"] == {"br-phy": "eth1", "ex-physnet1": "eth2"}
    assert compute["absent"] == ["ovn-cms-options"]


WITHOUT_NETWORK_MACHINES = TEXT.replace("  network: 2\n", "").replace(", roles: [network]", "")


def test_controllers_are_the_gateways_of_a_cloud_without_network_machines(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, WITHOUT_NETWORK_MACHINES)
    assert [node.name for node in cloud.members("ovn-chassis")] == ["ctl-1", "ctl-2", "ctl-3", "cmp-1", "cmp-2"]
    found = settings(tmp_path, "ctl-1", WITHOUT_NETWORK_MACHINES)
    assert found["external_ids"]["ovn-bridge-mappings"] == "external:br-ex"
    assert found["external_ids"]["ovn-cms-options"] == "enable-chassis-as-gw"
    assert found["external_ids"]["ovn-encap-ip"] == "10.79.0.11"
    assert found["bridges"] == {"br-phy": "eth1", "br-ex": "eth2"}
    assert composed.fact(cloud, "ovn-chassis", "GATEWAYS", "ctl-1") == "10.79.0.12 10.79.0.13"
    assert {node.name for node in cloud.nodes if "ovn-chassis" in cloud.shares(node)} == {"ctl-1", "ctl-2", "ctl-3"}
    compute = settings(tmp_path, "cmp-1", WITHOUT_NETWORK_MACHINES)
    assert set(compute["absent"]) == {"ovn-bridge-mappings", "ovn-cms-options"}


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        WITHOUT_NETWORK_MACHINES.replace("gateway: 10.76.0.1", "gateway: 10.76.0.1, roles: [compute]"),
        WITHOUT_NETWORK_MACHINES.replace("  external: {", "  wan: {purpose: [external, storage], "),
        WITHOUT_NETWORK_MACHINES.replace("  external: {cidr: 10.76.0.0/24, gateway: 10.76.0.1}\n", ""),
    ],
    ids=["network machines", "other roles", "addresses of machines", "no external network"],
)
def test_controllers_have_no_switch_unless_they_are_the_gateways(tmp_path: Path, text: str) -> None:
    cloud = composed.cloud(tmp_path, text)
    assert all("ovn-chassis" not in node.services for node in cloud.role("controller"))


def test_controllers_without_gateways_have_the_cards_that_they_had(tmp_path: Path) -> None:
    """Standing in gives controllers a card. Without OVN it would connect nothing, so they have none."""
    text = WITHOUT_NETWORK_MACHINES.replace("services: {ovn: true, ovn-chassis: true}\n", "")
    cloud = composed.cloud(tmp_path, text)
    assert [network.name for network in cloud.attached(cloud.node("ctl-1"))] == ["management", "tenant"]
    cloud = composed.cloud(tmp_path, WITHOUT_NETWORK_MACHINES)
    assert [network.name for network in cloud.attached(cloud.node("ctl-1"))] == ["management", "tenant", "external"]


def test_without_an_external_network_no_machine_is_a_gateway(tmp_path: Path) -> None:
    text = TEXT.replace("  external: {cidr: 10.76.0.0/24, gateway: 10.76.0.1, roles: [network]}\n", "")
    found = settings(tmp_path, "net-1", text)
    assert "ovn-cms-options" not in found["external_ids"]
    assert found["bridges"].keys() == {"br-phy"}


def test_a_container_forwards_in_userspace_and_the_bridge_has_the_tunnels_address(tmp_path: Path) -> None:
    files = composed.rendered(composed.cloud(tmp_path, TEXT), "ovn-chassis", "net-1")
    found = json.loads(files[ovn_chassis.SETTINGS].text)
    assert (found["datapath"], found["bridges"]) == ("netdev", {"br-phy": "eth1", "br-ex": "eth2"})
    assert found["other_config"] == {"userspace-tso-enable": "true"}
    networkd = {path.rpartition("/")[2]: file.text for path, file in files.items() if path.endswith(".network")}
    assert networkd.keys() == {"05-hacienda-br-phy.network", "05-hacienda-eth1.network", "05-hacienda-eth2.network"}
    assert "\nAddress=10.79.0.41/24\n" in networkd["05-hacienda-br-phy.network"]
    assert "\nMTUBytes=1400\n" in networkd["05-hacienda-br-phy.network"]
    assert "\nMTUBytes=1400\n" in networkd["05-hacienda-eth1.network"]
    for card in ("eth1", "eth2"):
        assert "Address" not in networkd[f"05-hacienda-{card}.network"].replace("LinkLocalAddressing=no", "")
    # networkd uses the first file that matches, in the order of their names.
    assert all(name < "10-cloud-init-eth0.network" for name in networkd)


def test_static_routes_of_the_tunnels_network_leave_by_the_bridge(tmp_path: Path) -> None:
    text = TEXT.replace("mtu: 1400", "mtu: 1400, routes: [{to: 10.90.0.0/16, via: 10.79.0.1}]")
    files = composed.rendered(composed.cloud(tmp_path, text), "ovn-chassis", "cmp-1")
    bridge = files["/etc/systemd/network/05-hacienda-br-phy.network"].text
    assert bridge.endswith("\n[Route]\nDestination=10.90.0.0/16\nGateway=10.79.0.1\n")


def test_the_kernel_of_a_machine_forwards_and_keeps_its_addresses(tmp_path: Path) -> None:
    files = composed.rendered(composed.cloud(tmp_path, MACHINES), "ovn-chassis", "net-1")
    found = json.loads(files[ovn_chassis.SETTINGS].text)
    assert (found["datapath"], found["bridges"], found["other_config"]) == ("system", {"br-ex": "eth2"}, {})
    assert not [path for path in files if path.endswith(".network")]


VSCTL = r"""
case "$*" in
  *"get Open_vSwitch"*) cat "$STATE_DIR/id" ;;
  *error*) cat "$STATE_DIR/broken" 2>/dev/null || echo '{"data":[]}' ;;
  *bfd_status*list*) cat "$STATE_DIR/tunnels" ;;
  *bfd*) cat "$STATE_DIR/silent" 2>/dev/null || true ;;
  *"find Bridge"*) cat "$STATE_DIR/bridges" ;;
  *) [[ ! -e $STATE_DIR/refuses ]] ;;
esac
"""
PROGRAMS = {
    "ovs-vsctl": VSCTL,
    "ovs-appctl": 'cat "$STATE_DIR/connection"',
    "ip": '[[ -e $STATE_DIR/moved ]] && echo "[]" || echo \'[{"ifname": "br-phy"}]\'',
    "systemctl": "[[ ! -e $STATE_DIR/stopped ]]",
    "ovsdb-tool": 'case "$1" in create) echo blank >"$2" ;; needs-conversion) echo yes ;; esac',
    "nft": 'cat >"$STATE_DIR/table"',
    "networkctl": "",
    "modprobe": "",
}


def box(tmp_path: Path, node: str = "cmp-1", text: str = TEXT) -> Sandbox:
    made = Sandbox(tmp_path / "node", composed.cloud(tmp_path, text), node, "ovn-chassis", PROGRAMS)
    (made.state / "id").write_text(f'"{node}"\n')
    (made.state / "connection").write_text("connected\n")
    bridges(made)
    tun = made.root / "dev/net/tun"
    tun.parent.mkdir(parents=True)
    tun.touch()
    path = made.root / "etc/openvswitch/hacienda.json"
    path.parent.mkdir(parents=True)
    rendered = composed.rendered(composed.cloud(tmp_path, text), "ovn-chassis", node)
    path.write_text(rendered[ovn_chassis.SETTINGS].text)
    return made


def test_the_cards_of_a_container_belong_to_the_switch_before_it_starts(tmp_path: Path) -> None:
    node = box(tmp_path, "net-1")
    assert node.run("prepare.sh").code == 0
    table = (node.state / "table").read_text()
    assert "ingress devices = { eth1, eth2 } priority filter; policy drop;" in table
    assert (node.root / "etc/openvswitch/system-id.conf").read_text() == "net-1\n"
    assert (node.root / "var/lib/openvswitch/conf.db").read_text() == "blank\n"
    assert node.calls("networkctl") == ["reload"]
    assert node.calls("modprobe") == []


def test_the_switchs_database_is_kept(tmp_path: Path) -> None:
    node = box(tmp_path)
    database = node.root / "var/lib/openvswitch/conf.db"
    database.parent.mkdir(parents=True)
    database.write_text("ports of instances")
    assert node.run("prepare.sh").code == 0
    assert database.read_text() == "ports of instances"
    # It is served, so it is not converted either.
    assert node.calls("ovsdb-tool") == []


def test_a_container_without_the_device_is_refused_in_the_operators_words(tmp_path: Path) -> None:
    node = box(tmp_path)
    (node.root / "dev/net/tun").unlink()
    outcome = node.run("prepare.sh")
    assert outcome.code == 1
    assert "no /dev/net/tun" in outcome.errors


def test_a_machine_loads_the_kernels_module_and_keeps_its_cards(tmp_path: Path) -> None:
    node = box(tmp_path, "net-1", MACHINES)
    assert node.run("prepare.sh").code == 0
    assert node.calls("modprobe") == ["openvswitch"]
    assert not (node.state / "table").exists()


def test_settings_are_one_transaction(tmp_path: Path) -> None:
    node = box(tmp_path, "net-1")
    assert node.run("configure.sh").code == 0
    _, call = node.calls("ovs-vsctl")
    assert call.startswith("--retry --timeout=20 --no-wait -- init -- set Open_vSwitch . ")
    assert 'external_ids:system-id="net-1"' in call
    assert "-- --may-exist add-br br-int -- set Bridge br-int datapath_type=netdev fail_mode=secure " in call
    assert call.endswith(
        '-- --may-exist add-br br-ex -- set Bridge br-ex datapath_type=netdev external_ids:hacienda-card="eth2" '
        "-- --may-exist add-port br-ex eth2"
    )


def bridges(node: Sandbox, **cards: str) -> None:
    """What Open vSwitch lists: the bridges that a former configuration made, with their cards."""
    rows = [[name.replace("_", "-"), ["map", [["hacienda-card", card]]]] for name, card in cards.items()]
    (node.state / "bridges").write_text(json.dumps({"headings": ["name", "external_ids"], "data": rows}))


def test_a_card_leaves_the_bridge_that_no_longer_has_it(tmp_path: Path) -> None:
    """A card that is a port of one bridge cannot become one of another, and two cards in one bridge make a loop."""
    node = box(tmp_path, "net-1")
    bridges(node, br_phy="eth1", br_ex="eth7", ex_physnet1="eth2")
    assert node.run("configure.sh").code == 0
    call = node.calls("ovs-vsctl")[-1]
    removed = call.index("-- --if-exists del-port br-ex eth7 -- --if-exists del-br ex-physnet1")
    assert removed < call.index("--may-exist add-port br-ex eth2")
    assert "del-port br-phy" not in call
    assert "del-br br-phy" not in call


def test_what_no_longer_holds_is_removed(tmp_path: Path) -> None:
    node = box(tmp_path)
    assert node.run("configure.sh").code == 0
    assert (
        "-- remove Open_vSwitch . external_ids ovn-bridge-mappings ovn-cms-options -- set"
        in node.calls("ovs-vsctl")[-1]
    )


def test_refused_or_unreadable_settings_are_reported(tmp_path: Path) -> None:
    node = box(tmp_path)
    (node.state / "refuses").touch()
    assert "refuses its settings" in node.run("configure.sh").errors
    (node.root / "etc/openvswitch/hacienda.json").write_text("{")
    assert "cannot be read" in node.run("configure.sh").errors


def test_verify_names_the_chassis(tmp_path: Path) -> None:
    assert box(tmp_path).run("verify.sh").output == "chassis cmp-1, tunnels from 10.79.0.101\n"


def unopened(name: str, *external: tuple[str, str]) -> str:
    """What Open vSwitch lists: an interface that it cannot open."""
    row = [name, "could not open network device", ["map", external]]
    return json.dumps({"headings": ["name", "error", "external_ids"], "data": [row]})


def test_a_guests_interface_that_is_not_there_yet_is_no_fault_of_the_switch(tmp_path: Path) -> None:
    """After a restart of the machine the metadata agent, which makes some of them, waits for the switch."""
    node = box(tmp_path)
    (node.state / "broken").write_text(unopened("tap7d48a09f-b0", ("iface-id", "7f0e8a30")))
    assert node.run("verify.sh", "--local").code == 0


@pytest.mark.parametrize(
    ("fault", "text", "said"),
    [
        ("stopped", "", "ovsdb-server.service is not running"),
        ("id", '"random"\n', 'is called "random" instead of cmp-1'),
        ("broken", unopened("eth1"), "cannot use an interface: eth1: could not open network device"),
        ("moved", "", "no interface has 10.79.0.101"),
        ("connection", "not connected\n", "is not connected at the southbound database"),
    ],
)
def test_verify_finds_a_fault_of_this_node(tmp_path: Path, fault: str, text: str, said: str) -> None:
    node = box(tmp_path)
    (node.state / fault).write_text(text)
    outcome = node.run("verify.sh", "--local")
    assert outcome.code == 1
    assert said in outcome.errors


def test_a_silent_tunnel_is_no_fault_of_this_node(tmp_path: Path) -> None:
    node = box(tmp_path)
    (node.state / "silent").write_text("ovn-net-2-0\n")
    assert node.run("verify.sh", "--local").code == 0
    assert "no packets come through the tunnels ovn-net-2-0" in node.run("verify.sh").errors


def tunnels(node: Sandbox, *seen: tuple[str, str, str]) -> None:
    """What Open vSwitch lists: the far end of each tunnel, whether OVN watches it, and the state of its session."""
    rows = [
        [["map", [["key", "flow"], ["remote_ip", end]]], ["map", [["enable", watched]]], ["map", [["state", state]]]]
        for end, watched, state in seen
    ]
    card: list[Any] = [["map", []], ["map", []], ["map", []]]
    said = {"headings": ["options", "bfd", "bfd_status"], "data": [card, *rows]}
    (node.state / "tunnels").write_text(json.dumps(said))


@pytest.mark.parametrize("script", ["may-stop.sh", "settled.sh"])
@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ([("10.79.0.42", "true", "up")], 0),
        ([("10.79.0.42", "true", "down")], 1),
        ([("10.79.0.42", "true", "down"), ("10.79.0.43", "true", "up")], 0),
        ([("10.79.0.42", "true", "down"), ("10.79.0.101", "true", "up")], 1),
        ([("10.79.0.42", "false", "down")], 0),
        ([], 0),
    ],
    ids=[
        "the other answers",
        "it is silent",
        "one of two answers",
        "a compute is no gateway",
        "nothing moves",
        "no tunnel",
    ],
)
def test_a_gateway_restarts_only_while_another_one_answers(
    tmp_path: Path, script: str, seen: list[tuple[str, str, str]], code: int
) -> None:
    node = box(tmp_path, "net-1", TEXT.replace("network: 2", "network: 3"))
    tunnels(node, *seen)
    outcome = node.run(script)
    assert outcome.code == code, outcome.errors
    assert ("no other gateway answers" in outcome.errors) is bool(code)


def test_a_compute_asks_nobody_before_a_restart(tmp_path: Path) -> None:
    node = box(tmp_path)
    assert node.run("may-stop.sh").code == 0
    assert node.calls("ovs-vsctl") == []


@pytest.mark.parametrize(("count", "shares"), [(1, {}), (2, {"net-1": (2, 1), "net-2": (2, 1)})])
def test_gateways_count_unless_there_is_only_one(
    tmp_path: Path, count: int, shares: dict[str, tuple[int, int]]
) -> None:
    cloud = composed.cloud(tmp_path, TEXT.replace("network: 2", f"network: {count}"))
    found = {node.name: cloud.shares(node).get("ovn-chassis") for node in cloud.members("ovn-chassis")}
    assert {name: (share.copies, share.minimum) for name, share in found.items() if share} == shares
    assert all(share.domain == name for name, share in found.items() if share)
