"""Ceph's monitors: who makes a store from what, what the cluster gets, and when a monitor may stop or leave."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hacienda.cloud import Cloud
from hacienda.services import ceph
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {
    "osd_heartbeat_grace": Found(r"^osd_heartbeat_grace = (\d+)$"),
    "mon_osd_down_out_interval": Found(r"^mon_osd_down_out_interval = (\d+)$"),
    **{
        name: Found(rf"^{name} = (\d+)$")
        for name in (
            "osd_heartbeat_interval",
            "osd_mon_report_interval",
            "mon_osd_min_down_reporters",
            "mon_lease",
            "mon_election_timeout",
        )
    },
    "memory": Found(r"^mon_memory_target = (\d+)$", "bytes"),
}

CONFIGURATION = "/etc/ceph/ceph.conf"
RECONCILE = composed.program("ceph", "reconcile.py")
HEALTH = composed.program("ceph", "health.py")
REMOVE = composed.program("ceph", "remove_machine.py")
DRAIN = composed.program("ceph", "drain.py")

CEPH = """
case "$*" in
  *"mon getmap"*) [[ -e $STATE_DIR/quorum ]] || exit 1; echo quorum >"${@: -1}" ;;
  *"mon dump"*) [[ -e $STATE_DIR/quorum ]] || exit 1; cat "$STATE_DIR/quorum" ;;
esac
"""
STORES = 'mkdir -p "$STATE_DIR/../var/lib/ceph/mon/ceph-ctl-1"'
MAP = 'echo declared >"${@: -1}"'
ETCDCTL = 'cat "$STATE_DIR/reconciled" 2>/dev/null || [[ ! -e $STATE_DIR/no-etcd ]]'
SYSTEMCTL = """
case "$*" in
  is-active*) [[ -e $STATE_DIR/active ]] ;;
esac
"""
PYTHON = """
case "$*" in
  *mon_status) [[ -e $STATE_DIR/status ]] && cat "$STATE_DIR/status" ;;
  *health.py) echo "no fault" ;;
esac
"""
PROGRAMS = {
    "ceph": CEPH,
    "ceph-mon": STORES,
    "monmaptool": MAP,
    "etcdctl": ETCDCTL,
    "systemctl": SYSTEMCTL,
    "python3": PYTHON,
    "sleep": "",
}


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path, composed.LAB + composed.CHOSEN.replace("storage: 1", "storage: 3"))


@pytest.fixture(name="box")
def _box(tmp_path: Path, lab: Cloud) -> Sandbox:
    box = Sandbox(tmp_path / "node", lab, "ctl-1", "ceph", PROGRAMS)
    path = box.root / "var/lib/hacienda/secrets/ceph/fsid"
    path.parent.mkdir(parents=True)
    path.write_text("f5f2ba1c-0000-4000-8000-000000000000")
    return box


def status(box: Sandbox, state: str, quorum: list[int], names: tuple[str, ...] = ("ctl-1", "ctl-2", "ctl-3")) -> None:
    (box.state / "active").touch()
    monitors = [{"rank": rank, "name": name} for rank, name in enumerate(names)]
    said = {"state": state, "rank": 0, "quorum": quorum, "monmap": {"mons": monitors}}
    (box.state / "status").write_text(json.dumps(said))


def has_store(box: Sandbox) -> Path:
    path = box.root / "var/lib/ceph/mon/ceph-ctl-1/hacienda.made"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def was_founded(box: Sandbox) -> None:
    (box.state / "reconciled").write_text("0123")


def has_quorum(box: Sandbox, *names: str) -> None:
    (box.state / "quorum").write_text(json.dumps({"mons": [{"name": name} for name in names]}))


def started(box: Sandbox) -> bool:
    return "start ceph-mon.service" in box.calls("systemctl")


def test_blank_monitors_of_a_new_cloud_make_the_same_map_and_wait_for_nobody(box: Sandbox) -> None:
    assert box.run("join.sh").code == 0
    (made,) = box.calls("monmaptool")
    for number in (1, 2, 3):
        assert f"--addv ctl-{number} [v2:10.77.0.1{number}:3300/0]" in made
    assert "--fsid f5f2ba1c-0000-4000-8000-000000000000" in made
    assert box.calls("ceph") == []
    assert started(box)


def test_a_blank_monitor_of_a_known_cluster_takes_the_map_of_the_quorum(box: Sandbox) -> None:
    was_founded(box)
    has_quorum(box, "ctl-2", "ctl-3")
    assert box.run("join.sh").code == 0
    assert box.calls("monmaptool") == []
    assert started(box)


def test_a_blank_monitor_beside_data_without_a_quorum_does_not_start(box: Sandbox) -> None:
    was_founded(box)
    outcome = box.run("join.sh")
    assert outcome.code == 1
    assert "no quorum of its monitors answers" in outcome.errors
    assert not started(box)


def test_a_blank_monitor_does_not_guess_when_etcd_is_silent(tmp_path: Path, lab: Cloud) -> None:
    silent = {**PROGRAMS, "etcdctl": "exit 1"}
    box = Sandbox(tmp_path / "silent", lab, "ctl-1", "ceph", silent)
    outcome = box.run("join.sh", HACIENDA_ETCD_PATIENCE="0")
    assert outcome.code == 1
    assert "etcd does not answer" in outcome.errors
    assert not started(box)


def test_what_an_interrupted_run_made_is_made_again(box: Sandbox) -> None:
    left = box.root / "var/lib/ceph/mon/ceph-ctl-1/store.db"
    left.mkdir(parents=True)
    assert box.run("join.sh").code == 0
    assert not left.exists()
    assert has_made(box)


def has_made(box: Sandbox) -> bool:
    return (box.root / "var/lib/ceph/mon/ceph-ctl-1/hacienda.made").exists()


def test_a_monitor_with_a_store_starts_and_makes_none(box: Sandbox) -> None:
    has_store(box)
    status(box, "peon", [0, 1, 2])
    assert box.run("join.sh").code == 0
    assert started(box)
    assert box.calls("ceph-mon") == []


def test_a_removed_monitor_sets_its_store_aside_and_joins_again(box: Sandbox) -> None:
    path = has_store(box)
    was_founded(box)
    has_quorum(box, "ctl-2", "ctl-3")
    status(box, "probing", [])
    assert box.run("join.sh").code == 0
    assert (path.parent.with_name("ceph-ctl-1.removed") / "hacienda.made").exists()
    assert len(box.calls("ceph-mon")) == 1


def test_a_monitor_that_only_lacks_the_others_keeps_its_store(box: Sandbox) -> None:
    path = has_store(box)
    status(box, "probing", [])
    assert box.run("join.sh").code == 0
    assert path.exists()


def test_founding_waits_for_no_quorum_and_returns_the_clusters_id(box: Sandbox) -> None:
    outcome = box.run("bootstrap.sh")
    assert outcome.code == 0
    assert outcome.output.strip() == "f5f2ba1c-0000-4000-8000-000000000000"
    assert started(box)


def test_a_monitor_is_healthy_only_in_the_quorum(box: Sandbox) -> None:
    status(box, "probing", [])
    assert "in no quorum" in box.run("verify.sh", "--local").errors
    status(box, "leader", [0, 1])
    assert box.run("verify.sh", "--local").code == 0
    whole = box.run("verify.sh")
    assert whole.code == 1
    assert "2 of 3 monitors" in whole.errors
    status(box, "leader", [0, 1, 2])
    assert box.run("verify.sh").output == "3/3 monitors, no fault\n"


@pytest.mark.parametrize(("quorum", "code"), [([0, 1, 2], 0), ([0, 1], 1)])
def test_a_monitor_stops_only_if_the_others_keep_the_quorum(box: Sandbox, quorum: list[int], code: int) -> None:
    status(box, "leader", quorum)
    assert box.run("may-stop.sh").code == code


def test_the_only_monitor_may_stop(box: Sandbox) -> None:
    status(box, "leader", [0], names=("ctl-1",))
    assert box.run("may-stop.sh").code == 0


def test_leaving_is_checked_against_the_declared_monitors(box: Sandbox) -> None:
    status(box, "leader", [0, 1, 2])
    assert box.run("leave.sh", "--check", "ctl-3").code == 0
    # ctl-2 has left already: without ctl-3 only one of three is there.
    status(box, "leader", [0, 1], names=("ctl-1", "ctl-3"))
    refused = box.run("leave.sh", "--check", "ctl-3")
    assert refused.code == 1
    assert "only 1 of 3" in refused.errors


def test_a_machine_without_a_monitor_is_checked_for_its_copies(box: Sandbox) -> None:
    assert box.run("leave.sh", "--check", "sto-1").code == 0
    assert box.calls("python3")[-1].endswith("drain.py check sto-1")


def test_a_member_that_leaves_is_removed_with_its_managers_key(box: Sandbox) -> None:
    has_quorum(box, "ctl-1", "ctl-2", "ctl-3")
    assert box.run("leave.sh", "ctl-3").code == 0
    asked = "\n".join(box.calls("ceph"))
    assert "mon remove ctl-3" in asked
    assert "auth rm mgr.ctl-3" in asked


def test_a_member_does_not_remove_itself(box: Sandbox) -> None:
    assert box.run("leave.sh", "ctl-1").code == 1


def test_every_connection_is_secure_and_the_first_protocol_is_off(lab: Cloud) -> None:
    for node, service, path in (
        ("ctl-1", "ceph", CONFIGURATION),
        ("sto-1", "ceph-osd", "/etc/ceph-osd/ceph.conf"),
        ("ctl-1", "glance", "/etc/glance/ceph.conf"),
        ("ctl-1", "cinder", "/etc/cinder/ceph.conf"),
    ):
        set_to = composed.settings(composed.rendered(lab, service, node)[path].text)
        modes = {name: value for name, value in set_to.items() if name.endswith("_mode")}
        assert len(modes) == 6
        assert set(modes.values()) == {"secure"}
        assert "v1:" not in set_to["mon_host"]
    assert set_to["mon_host"].count("v2:") == 3


def pools(cloud: Cloud) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(composed.rendered(cloud, "ceph")["/etc/ceph/pools.json"].text)
    return found


@pytest.mark.parametrize(("machines", "size", "least"), [(5, 3, 2), (3, 3, 2), (2, 2, 2), (1, 1, 1)])
def test_there_are_as_many_copies_as_machines_and_a_lost_machine_loses_no_write(
    tmp_path: Path, machines: int, size: int, least: int
) -> None:
    text = composed.LAB + composed.CHOSEN.replace("storage: 1", f"storage: {machines}")
    found = pools(composed.cloud(tmp_path, text))
    assert (found["size"], found["min_size"]) == (size, least)


def domains(kind: str, count: int) -> str:
    nodes = "".join(f"      sto-{n}: {{{kind}: r{n % count}}}\n" for n in (1, 2, 3))
    machines = f"storage:\n    count: 3\n    nodes:\n{nodes.rstrip()}"
    return composed.LAB + composed.CHOSEN.replace("storage: 1", machines)


@pytest.mark.parametrize(("kind", "bucket"), [("rack", "rack"), ("power", "pdu"), ("zone", "zone")])
def test_copies_are_in_different_failure_domains(tmp_path: Path, kind: str, bucket: str) -> None:
    cloud = composed.cloud(tmp_path, domains(kind, 3))
    assert pools(cloud)["failure_domain"] == bucket
    conf = composed.settings(composed.rendered(cloud, "ceph-osd", "sto-1")["/etc/ceph-osd/ceph.conf"].text)
    assert conf["crush_location"] == f"root=default {bucket}=r1 host=sto-1"


def test_two_failure_domains_are_too_few_for_three_copies(tmp_path: Path) -> None:
    assert pools(composed.cloud(tmp_path, domains("rack", 2)))["failure_domain"] == "host"


def test_a_small_osd_has_a_fixed_cache_and_a_large_one_adjusts_itself(tmp_path: Path) -> None:
    for memory, name in (("320MiB", "bluestore_cache_size"), ("4GiB", "osd_memory_target")):
        text = composed.LAB + composed.CHOSEN.replace("ceph: true", f"ceph: {{osd_memory: {memory}}}")
        central = composed.rendered(composed.cloud(tmp_path, text), "ceph")["/etc/ceph/central.conf"].text
        assert name in composed.settings(central)


class Cluster:
    """Records commands, and answers from what it has."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"osd pool ls": [], "osd crush rule dump": {"rule_id": 1}, "config-key dump": {}, **answers}
        self.commands: list[tuple[str, dict[str, Any], bytes]] = []

    def say(self, prefix: str, data: bytes = b"", **arguments: Any) -> bytes:
        self.commands.append((prefix, arguments, data))
        return b""

    def ask(self, prefix: str, data: bytes = b"", **arguments: Any) -> Any:
        return self.answers[prefix]

    def of(self, prefix: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments, _ in self.commands if name == prefix]


WANTED = {"pools": ["volumes"], "size": 3, "min_size": 2, "pg_num": 8, "failure_domain": "host"}
PRESENT = {
    "pool_name": "volumes",
    "size": 3,
    "min_size": 2,
    "crush_rule": 1,
    "options": {"pg_num_min": 8},
    "application_metadata": {"rbd": {}},
}


def test_a_missing_pool_is_made_and_a_right_one_left_alone() -> None:
    cluster = Cluster()
    RECONCILE.pools(cluster, WANTED)
    assert [one["pool"] for one in cluster.of("osd pool create")] == ["volumes"]
    again = Cluster(**{"osd pool ls": [PRESENT]})
    RECONCILE.pools(again, WANTED)
    assert [name for name, _, _ in again.commands] == ["osd crush rule create-replicated"]


@pytest.mark.parametrize(
    ("wrong", "var"), [({"size": 2}, "size"), ({"crush_rule": 0}, "crush_rule"), ({"options": {}}, "pg_num_min")]
)
def test_a_pool_that_differs_is_corrected(wrong: dict[str, Any], var: str) -> None:
    cluster = Cluster(**{"osd pool ls": [{**PRESENT, **wrong}]})
    RECONCILE.pools(cluster, WANTED)
    assert [one["var"] for one in cluster.of("osd pool set")] == [var]


def test_what_is_no_longer_declared_is_removed_and_an_operators_own_stays() -> None:
    made = {"clients": ["glance", "gone"], "options": ["osd old_option", "global kept"]}
    cluster = Cluster(**{"config-key dump": {RECONCILE.MADE: json.dumps(made)}})
    wanted = {"glance": ("QUFB", {"mon": "profile rbd"})}
    RECONCILE.reconcile(cluster, wanted, "QkJC", "[global]\nkept = 1\n", WANTED)
    assert cluster.of("auth rm") == [{"entity": "client.gone"}]
    assert cluster.of("config rm") == [{"who": "osd", "name": "old_option"}]
    (imported,) = (data.decode() for name, _, data in cluster.commands if name == "auth import")
    assert '[client.glance]\nkey = QUFB\ncaps mon = "profile rbd"\n' in imported
    assert "[client.admin]\nkey = QkJC\n" in imported
    last = json.loads(cluster.of("config-key set")[-1]["val"])
    assert last == {"clients": ["glance"], "options": ["global kept"]}


def test_declared_clients_come_from_their_files(tmp_path: Path) -> None:
    (tmp_path / "cinder.json").write_text(json.dumps({"user": "cinder", "caps": [["osd", "profile rbd pool=volumes"]]}))
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "cinder").write_text("QUFB\n")
    assert RECONCILE.clients(tmp_path, keys) == {"cinder": ("QUFB", {"osd": "profile rbd pool=volumes"})}


def check(code: str, severity: str = "HEALTH_WARN") -> dict[str, Any]:
    return {code: {"severity": severity, "summary": {"message": f"it is {code}"}}}


def test_a_fault_of_the_cluster_names_a_remedy() -> None:
    assert HEALTH.verdict({"checks": {}}) == (True, "no fault")
    assert HEALTH.verdict({"checks": check("TOO_FEW_OSDS")}, osds=0)[0], (
        "controllers are deployed before storage machines"
    )
    assert not HEALTH.verdict({"checks": check("TOO_FEW_OSDS")}, osds=2)[0]
    assert HEALTH.verdict({"checks": check("POOL_NO_REDUNDANCY")})[0]
    well, line = HEALTH.verdict(
        {"checks": {**check("OSD_NEARFULL"), **check("MON_DOWN"), **check("OSD_FULL", "HEALTH_ERR")}}
    )
    assert not well
    assert line.startswith("it is OSD_FULL; ")
    assert line.endswith("writes are stopped")


@pytest.mark.parametrize("code", ["OSD_NEARFULL", "SLOW_OPS", "MON_CLOCK_SKEW", "OSD_DOWN"])
def test_full_disks_slow_requests_and_wrong_clocks_are_faults(code: str) -> None:
    well, line = HEALTH.verdict({"checks": check(code)})
    assert not well
    assert line != f"it is {code}|ceph health detail"


def test_an_osd_that_runs_and_is_out_is_a_fault() -> None:
    """A drain that was killed leaves it so, and Ceph itself reports nothing."""
    assert HEALTH.out([{"osd": 0, "up": 1, "in": 1}, {"osd": 1, "up": 0, "in": 0}]) == ""
    assert HEALTH.out([{"osd": 2, "up": 1, "in": 0}]).startswith("osd.2 run and are out")


def test_only_the_osds_of_a_machine_are_removed_and_those_that_run_are_named() -> None:
    tree = {
        "nodes": [
            {"id": -2, "type": "host", "name": "sto-1", "children": [0, 1]},
            {"id": -3, "type": "host", "name": "sto-2", "children": [2]},
            {"id": 0, "type": "osd", "name": "osd.0", "status": "down"},
            {"id": 1, "type": "osd", "name": "osd.1", "status": "up"},
            {"id": 2, "type": "osd", "name": "osd.2", "status": "up"},
        ]
    }
    assert REMOVE.below(tree, "sto-1") == ([0, 1], ["osd.1"])
    assert REMOVE.below(tree, "sto-9") == ([], [])


def test_monitors_listen_for_every_machine_and_vote() -> None:
    assert ceph.service.voters
    assert {port.number: port.clients for port in ceph.service.ports} == {3300: "internal", 6790: "internal"}
    assert next(secret for secret in ceph.service.secrets if secret.name == "ceph/monitor").kind == "ceph-monitor-key"


def test_the_manager_s_bcrypt_can_be_imported_and_says_why_it_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "bcrypt.py").write_text(
        composed.rendered(composed.cloud(tmp_path), "ceph")["/usr/lib/hacienda/ceph/manager/bcrypt.py"].text
    )
    ran = subprocess.run(
        [sys.executable, "-c", "import bcrypt; bcrypt.gensalt()"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "AttributeError: bcrypt.gensalt: Ceph's manager cannot load Debian's bcrypt" in ran.stderr


class Draining:
    """A cluster of machines with one OSD of 100 GiB each, in racks of two."""

    def __init__(self, machines: int, size: int = 3, used: int = 10) -> None:
        self.machines, self.size, self.used = machines, size, used
        self.out: set[int] = set()
        self.down: set[int] = set()
        self.states = {"active+clean": 32}
        self.safe: list[int] = []
        self.said: list[tuple[str, list[str]]] = []

    def say(self, prefix: str, ids: list[str]) -> None:
        self.said.append((prefix, ids))
        self.out |= {int(number) for number in ids}

    def ask(self, prefix: str) -> Any:
        osds = range(self.machines)
        if prefix == "osd dump":
            listed = [{"osd": osd, "up": osd not in self.down, "in": osd not in self.out} for osd in osds]
            return {"osds": listed, "pools": [{"size": self.size}]}
        assert prefix == "osd tree"
        racks = [
            {
                "id": -100 - rack,
                "name": f"rack-{rack}",
                "type": "rack",
                "children": [-10 - osd for osd in osds if osd // 2 == rack],
            }
            for rack in range((self.machines + 1) // 2)
        ]
        hosts = [{"id": -10 - osd, "name": f"sto-{osd}", "type": "host", "children": [osd]} for osd in osds]
        return {"nodes": [*racks, *hosts, *({"id": osd, "name": f"osd.{osd}", "type": "osd"} for osd in osds)]}

    def ask_manager(self, prefix: str, **arguments: Any) -> Any:
        gib = 2**20
        if prefix == "osd df":
            disk = {"kb": 100 * gib, "kb_used": self.used * gib, "kb_used_data": self.used * gib}
            return {"nodes": [{"id": osd, **disk} for osd in range(self.machines)]}
        if prefix == "pg stat":
            states = [{"name": name, "num": count} for name, count in self.states.items()]
            return {"pg_summary": {"num_pgs": sum(self.states.values()), "num_pg_by_state": states}}
        assert (prefix, arguments) == ("osd safe-to-destroy", {"ids": ["0"]})
        return {"safe_to_destroy": self.safe}


def test_a_storage_machine_is_drained_step_by_step() -> None:
    cluster = Draining(4)
    assert DRAIN.drain(cluster, "sto-0", [0], "host") == (
        75,
        "its OSDs 0 are out: their data moves to the other machines",
    )
    assert cluster.said == [("osd out", ["0"])]
    assert DRAIN.drain(cluster, "sto-0", [0], "host")[0] == 75, "Ceph's manager has not heard of it yet"
    # Ceph 18.2 calls an OSD safe to destroy while the copies of its data are still made.
    cluster.states, cluster.safe = {"active+clean": 20, "active+recovery_wait+degraded": 12}, [0]
    assert DRAIN.drain(cluster, "sto-0", [0], "host") == (75, "12 of 32 placement groups still move")
    cluster.states = {"active+clean": 31, "active+clean+scrubbing+deep": 1}
    assert DRAIN.drain(cluster, "sto-0", [0], "host") == (0, "its OSDs 0 hold nothing that is needed")
    assert cluster.said == [("osd out", ["0"])]


@pytest.mark.parametrize(
    ("cluster", "bucket", "reason"),
    [
        (Draining(3), "host", "each object has 3 copies, and without sto-0 only 2 machines could hold them"),
        (Draining(5), "rack", ""),
        (Draining(5, used=80), "host", "sto-0 holds 80 GiB, and the others have room for 20 GiB"),
        (Draining(3, size=2), "host", ""),
    ],
)
def test_data_without_another_place_keeps_its_machine(cluster: Draining, bucket: str, reason: str) -> None:
    code, line = DRAIN.drain(cluster, "sto-0", [0], bucket)
    assert (code, line.partition("|")[0]) == ((1, reason) if reason else (75, line))
    assert bool(cluster.said) is not bool(reason), "a refusal changes nothing"
    assert bool(line.partition("|")[2]) is bool(reason)


def test_a_whole_rack_may_be_too_much_where_one_machine_of_it_is_not() -> None:
    racks = Draining(6)
    assert DRAIN.hindrance(racks, "sto-0", [0], "rack") == ""
    assert "only 2 failure domains (rack)" in DRAIN.hindrance(racks, "sto-0", [0, 1], "rack")


def test_data_that_only_an_absent_machine_has_is_named() -> None:
    cluster = Draining(4)
    cluster.out, cluster.states = {0}, {"active+clean": 30, "down": 2}
    assert "2 need data of a machine that is off" in DRAIN.drain(cluster, "sto-0", [0], "host")[1]


@pytest.mark.parametrize(
    ("size", "ok", "code"),
    [(3, True, 0), (3, False, 1), (2, False, 0)],
    ids=["complete", "incomplete", "no spare copy"],
)
def test_a_machine_is_replaced_only_while_others_have_enough_copies(size: int, ok: bool, code: int) -> None:
    class Replacing(Draining):
        def ask(self, prefix: str) -> Any:
            return {"pools": [{"size": size, "min_size": 2}]}

        def ask_manager(self, prefix: str, **arguments: Any) -> Any:
            assert (prefix, arguments) == ("osd ok-to-stop", {"ids": ["0"]})
            return {"ok_to_stop": ok, "bad_become_inactive": ["2.0"], "bad_already_inactive": ["2.1"]}

    found, line = DRAIN.check(Replacing(4), "sto-0", [0])
    assert found == code
    assert ("2 placement groups have too few copies" in line) is bool(code)
    assert DRAIN.check(Replacing(4), "sto-9", [])[0] == 0


def test_a_machine_without_osds_has_nothing_to_drain() -> None:
    assert DRAIN.drain(Draining(3), "sto-9", [], "host")[0] == 0


def test_a_drain_is_the_storage_machines_own(box: Sandbox) -> None:
    assert box.run("leave.sh", "--drain", "sto-1").code == 0
    assert box.calls("python3")[-1].endswith("drain.py drain sto-1")
    assert box.run("leave.sh", "--stay", "sto-1").code == 0
    assert box.calls("python3")[-1].endswith("drain.py stay sto-1")
