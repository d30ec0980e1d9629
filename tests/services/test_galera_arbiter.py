"""Galera's arbitrator: it votes with the servers, keeps nothing, and never stands in the way of a recovery."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hacienda import cloudinit
from hacienda.cloud import Cloud
from hacienda.services import galera
from tests.services import composed
from tests.services.sandbox import Sandbox

GARBD = "/etc/garbd/garbd.cnf"
UUID = "99ae80bd-e5a6-11f1-97f8-bbad0d8f51e9"

# A server's checker answers with what lies in a file of its address.
CURL = 'url=${@: -1}; host=${url#https://}; cat "$STATE_DIR/${host%%:*}" 2>/dev/null'
SYSTEMCTL = r"""
case "$*" in
  *is-active*garb.service) [[ -e $STATE_DIR/garbd ]] ;;
  *is-active*mariadb.service) [[ -e $STATE_DIR/mariadb ]] ;;
  "start garb.service") touch "$STATE_DIR/garbd" ;;
  "stop garb.service") rm "$STATE_DIR/garbd" ;;
  "start mariadb.service") touch "$STATE_DIR/mariadb"; "$HACIENDA_ROOT/usr/lib/hacienda/galera/options.sh" ;;
esac
"""
# A listener is asked by bash, which `timeout` starts; garbd listens as long as its file is there.
TIMEOUT = """
while [[ $1 == --* || $1 == [0-9]* ]]; do shift; done
if [[ $1 == bash ]]; then [[ -e $STATE_DIR/garbd ]]; else exec "$@"; fi
"""


@pytest.fixture(name="two")
def _two(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path, composed.TWO_NODE)


@pytest.fixture
def box(tmp_path: Path, two: Cloud) -> Sandbox:
    """The arbiter."""
    once = '[[ ! -e $STATE_DIR/slept ]] && touch "$STATE_DIR/slept"'
    etcdctl = 'cat "$STATE_DIR/positions" 2>/dev/null || true'
    programs = {"curl": CURL, "systemctl": SYSTEMCTL, "sleep": once, "etcdctl": etcdctl}
    return Sandbox(tmp_path / "arbiter", two, "arb-1", "galera", programs)


def server(box: Sandbox, address: str, size: int = 3, clients: int = 0, status: str = "Primary") -> None:
    """What a server says of itself from now on."""
    report = {"wsrep_cluster_status": status, "wsrep_cluster_size": str(size), "threads_connected": str(clients)}
    (box.state / address).write_text(json.dumps(report))


def runs(box: Sandbox) -> None:
    (box.state / "garbd").touch()


def test_it_is_in_the_group_as_the_servers_are(two: Cloud) -> None:
    arbitrator = composed.settings(composed.rendered(two, "galera", "arb-1")[GARBD].text)
    configuration = composed.rendered(two, "galera", "ctl-1")["/etc/mysql/mariadb.conf.d/90-hacienda.cnf"].text
    of_server = composed.settings(configuration)
    assert arbitrator["group"] == of_server["wsrep_cluster_name"]
    assert arbitrator["address"] == of_server["wsrep_cluster_address"] == "gcomm://10.77.0.11,10.77.0.12,10.77.0.91"
    own, its = (
        dict(part.split("=", 1) for part in text.strip('"').split(";"))
        for text in (arbitrator["options"], of_server["wsrep_provider_options"])
    )
    assert {key: value for key, value in its.items() if key.startswith(("evs.", "pc."))} == {
        key: value for key, value in own.items() if key.startswith(("evs.", "pc."))
    }
    assert own["gmcast.listen_addr"] == "ssl://10.77.0.91:4567"
    assert own["socket.ssl"] == "YES"


def test_it_has_neither_a_database_nor_its_passwords(two: Cloud) -> None:
    output = cloudinit.render(two, two.node("arb-1"), "")
    assert "galera-arbitrator-4" in output.manifest["packages"]
    assert not [package for package in output.manifest["packages"] if "mariadb" in package]
    assert not [name for name in output.secret_names if name.startswith("database/")]
    assert "x509/galera/key.pem" in output.secret_names
    assert not [
        file.path for file in output.files if file.path.startswith(("/etc/mysql", "/etc/hacienda/accounts/database"))
    ]


def test_the_servers_do_not_have_the_arbitrator(two: Cloud) -> None:
    assert "galera-arbitrator-4" not in cloudinit.render(two, two.node("ctl-1"), "").manifest["packages"]
    assert composed.fact(two, "galera", "SERVERS") == "ctl-1 ctl-2"
    assert composed.fact(two, "galera", "ARBITERS") == "arb-1"


def test_clients_are_never_sent_to_it(two: Cloud) -> None:
    text = composed.rendered(two, "haproxy")["/etc/haproxy/haproxy.cfg"].text
    assert "ctl-2" in text
    assert "arb-1" not in text


def test_one_image_serves_all_roles() -> None:
    assert {"galera-arbitrator-4", "mariadb-server"} <= set(galera.service.all_packages())


def test_it_starts_once_a_server_is_primary_and_asks_the_one_with_the_fewest_clients(box: Sandbox) -> None:
    server(box, "10.77.0.11", clients=40)
    server(box, "10.77.0.12", clients=2)
    assert box.run("join.sh").code == 0
    assert "start garb.service" in box.calls("systemctl")
    assert (box.root / "run/hacienda/garbd.env").read_text() == "DONOR=ctl-2,\n"


def test_it_never_starts_alone(box: Sandbox) -> None:
    server(box, "10.77.0.11", status="non-Primary")
    outcome = box.run("join.sh")
    assert outcome.code != 0  # the stand-in's clock stops after a second
    assert "no server is Primary yet. What to do: hacienda-verify galera on ctl-1, ctl-2" in outcome.errors
    assert "start garb.service" not in box.calls("systemctl")
    assert box.run("verify.sh").output.startswith("no server is Primary yet|")


@pytest.mark.parametrize(
    ("sizes", "arguments", "code", "said"),
    [
        ((3, 3), (), 0, "votes, 3/3"),
        ((2, 2), ("--local",), 1, "garbd is not in the servers' component|"),
        ((2,), (), 1, "2 of 3 members in the cluster|"),
        ((2,), ("--local",), 0, "votes, 2/3"),
        ((), ("--local",), 1, "no server is Primary|"),
    ],
)
def test_it_votes_when_the_servers_count_it(
    box: Sandbox, sizes: tuple[int, ...], arguments: tuple[str, ...], code: int, said: str
) -> None:
    runs(box)
    for number, size in enumerate(sizes):
        server(box, f"10.77.0.1{number + 1}", size)
    outcome = box.run("verify.sh", *arguments)
    assert (outcome.code, outcome.output[: len(said)]) == (code, said)


@pytest.mark.parametrize(("sizes", "code"), [((3, 3), 0), ((2,), 1), ((), 0)])
def test_it_stops_only_where_the_servers_keep_a_majority(box: Sandbox, sizes: tuple[int, ...], code: int) -> None:
    for number, size in enumerate(sizes):
        server(box, f"10.77.0.1{number + 1}", size)
    assert box.run("may-stop.sh").code == code


@pytest.mark.parametrize(
    ("leaving", "servers", "code", "said"),
    [
        ("ctl-1", {"11": 3, "12": 3}, 0, "2 of 3 members stay"),
        ("arb-1", {"11": 3, "12": 3}, 0, "2 of 3 members stay"),
        ("ctl-1", {"12": 2}, 0, "2 of 3 members stay"),
        ("ctl-2", {"12": 2}, 1, "without ctl-2 only 1 of 3"),
        ("arb-1", {"12": 2}, 1, "without arb-1 only 1 of 3"),
        ("ctl-1", {"11": 2, "12": 2}, 1, "without ctl-1 only 1 of 3"),
    ],
)
def test_leaving_counts_the_arbitrator(
    box: Sandbox, leaving: str, servers: dict[str, int], code: int, said: str
) -> None:
    for end, size in servers.items():
        server(box, f"10.77.0.{end}", size)
    outcome = box.run("leave.sh", "--check", leaving)
    assert outcome.code == code
    assert (outcome.output + outcome.errors).startswith(said)


@pytest.mark.parametrize(("primary", "position", "steps_aside"), [(0, 1, True), (1, 1, False), (0, 0, False)])
def test_it_steps_aside_only_for_servers_that_want_to_found_again(
    box: Sandbox, primary: bool, position: bool, steps_aside: bool
) -> None:
    runs(box)
    if primary:
        server(box, "10.77.0.11")
    if position:
        (box.state / "positions").write_text(f"/hacienda/galera/position/ctl-2\n{UUID}:7\n")
    assert box.run("watch.sh").code == 0
    assert ("stop garb.service" in box.calls("systemctl")) is steps_aside
    assert ("restart --no-block hacienda-galera.service" in box.calls("systemctl")) is steps_aside


def test_nobody_founds_again_beside_an_arbitrator_that_is_still_there(tmp_path: Path, two: Cloud) -> None:
    etcdctl = rf"""
case "$*" in
  *"lease grant"*) echo "lease 12ab granted with TTL(60s)" ;;
  *txn*) echo SUCCESS ;;
  *position/) printf '/hacienda/galera/position/%s\n{UUID}:%s\n' ctl-1 9 ctl-2 7 ;;
esac
"""
    programs = {
        "etcdctl": etcdctl,
        "curl": CURL,
        "systemctl": SYSTEMCTL,
        "timeout": TIMEOUT,
        "mariadbd": f"echo '2026-11-28 [Note] WSREP: Recovered position: {UUID}:9' >&2",
        "mariadb": r'printf "wsrep_cluster_status\tPrimary\nwsrep_local_state\t4\n"',
        "sleep": 'rm -f "$STATE_DIR/garbd"',
    }
    box = Sandbox(tmp_path / "server", two, "ctl-1", "galera", programs)
    (box.root / "var/lib/mysql/mysql").mkdir(parents=True)
    runs(box)
    outcome = box.run("join.sh")
    assert outcome.code == 0, outcome.errors
    assert "waiting for garbd to stop on arb-1" in outcome.errors
    assert re.search(r"seqno: +9\n", (box.root / "var/lib/mysql/grastate.dat").read_text())
    calls = box.calls_file.read_text()
    assert calls.index("sleep ") < calls.index("systemctl start mariadb.service")
