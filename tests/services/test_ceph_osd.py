"""Ceph's OSDs: which disks are taken, which number an OSD gets, and that an interrupted run continues with the same OSD."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hacienda.cloud import Cloud
from hacienda.services import ceph_osd
from tests.services import composed
from tests.services.sandbox import Sandbox

FILES = composed.program("ceph-osd", "files.py")
DISKS = composed.program("ceph-osd", "disks.py")
RESTART = composed.program("ceph-osd", "restart.py")
TIB = 2**40
STORAGE = composed.CHOSEN.replace("storage: 1", "storage: 3")
REAL = composed.LAB.replace("platform: incus", "platform: existing") + composed.CHOSEN.replace(
    "storage: 1", "storage: {count: 3, disks: {system: 240GiB, osd-1: 4TiB, osd-2: 2TiB}}"
)
TREE = {
    "nodes": [
        {"id": -2, "type": "host", "name": "sto-1", "children": [0, 1]},
        {"id": -3, "type": "host", "name": "sto-2", "children": [2]},
        {"id": 0, "type": "osd", "name": "osd.0"},
        {"id": 1, "type": "osd", "name": "osd.1"},
        {"id": 2, "type": "osd", "name": "osd.2"},
    ]
}
DUMP = {
    "osds": [
        {"osd": 0, "up": 0, "uuid": "old"},
        {"osd": 1, "up": 1, "uuid": "runs"},
        {"osd": 2, "up": 0, "uuid": "elsewhere"},
    ]
}


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path, composed.LAB + STORAGE)


class Cluster:
    """Answers from what it has, and gives new OSDs a number."""

    def __init__(self, dump: dict[str, Any] = DUMP) -> None:
        self.dump = dump
        self.said: list[tuple[str, Any]] = []
        self.new: list[tuple[Any, dict[str, Any]]] = []

    def say(self, prefix: str, **arguments: Any) -> None:
        self.said.append((prefix, arguments["id"] if "id" in arguments else arguments["who"]))

    def ask(self, prefix: str, data: bytes = b"", **arguments: Any) -> Any:
        if prefix == "osd new":
            self.new.append((json.loads(data), arguments))
            return {"osdid": arguments.get("id", 7)}
        return {"osd tree": TREE, "osd dump": self.dump}[prefix]


def test_a_machine_takes_the_number_of_a_dead_osd_of_its_name_and_of_no_other() -> None:
    assert FILES.vacant(TREE, DUMP, "sto-1", ()) == [0]
    assert FILES.vacant(TREE, DUMP, "sto-1", ("old",)) == []
    assert FILES.vacant(TREE, DUMP, "sto-9", ()) == []


def test_a_new_machine_destroys_the_dead_osd_before_it_takes_its_number() -> None:
    cluster = Cluster()
    assert FILES.register(cluster, "sto-1", {"uuid": "mine", "key": "QUFB"}, {"mine"}) == 0
    # The predecessor may have died in a restart, and its `noout` must not keep its data from being copied.
    assert cluster.said == [("osd unset-group", ["sto-1"]), ("osd destroy-actual", 0)]
    assert cluster.new == [({"cephx_secret": "QUFB"}, {"uuid": "mine", "id": 0})]


def test_a_known_osd_keeps_its_number_and_destroys_nothing() -> None:
    known = {"osds": [*DUMP["osds"], {"osd": 5, "up": 0, "uuid": "mine"}]}
    cluster = Cluster(known)
    assert FILES.register(cluster, "sto-1", {"uuid": "mine", "key": "QUFB"}, {"mine"}) == 5
    assert cluster.said == []


def test_the_first_osd_of_a_name_gets_a_new_number() -> None:
    cluster = Cluster()
    assert FILES.register(cluster, "sto-3", {"uuid": "mine", "key": "QUFB"}, {"mine"}) == 7
    assert cluster.said == []


def test_an_interrupted_run_continues_with_the_same_osd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FILES, "STATE", tmp_path)
    tries: list[tuple[int, str]] = []

    def fails(number: int, one: dict[str, str]) -> None:
        tries.append((number, one["uuid"]))
        if len(tries) == 1:
            raise FILES.OsdError("no room")

    monkeypatch.setattr(FILES, "make", fails)
    with pytest.raises(FILES.OsdError):
        FILES.ensure(Cluster, "sto-3", ["osd"])
    assert FILES.ensure(Cluster, "sto-3", ["osd"]) == [7]
    assert tries[0] == tries[1]
    assert (tmp_path / "osd.json").stat().st_mode & 0o777 == 0o600


def test_a_machine_whose_osd_is_made_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FILES, "STATE", tmp_path)
    FILES.store(tmp_path / "osd.json", {"uuid": "mine", "key": "QUFB", "number": 3})

    def nobody() -> None:
        raise AssertionError("it asked")

    assert FILES.ensure(nobody, "sto-1", ["osd"]) == [3]


def test_a_key_has_cephs_form() -> None:
    raw = base64.b64decode(FILES.new_key())
    kind, _, _, length = struct.unpack("<HIIH", raw[:12])
    assert (kind, length, len(raw)) == (1, 16, 28)


def device(path: str, size: int = 4 * TIB, **other: Any) -> dict[str, Any]:
    return {"path": path, "size": size, "type": "disk", "fstype": None, "pttype": None, "mountpoints": [None]} | other


@pytest.mark.parametrize(
    "used",
    [
        {"fstype": "ext4"},
        {"fstype": "LVM2_member"},
        {"pttype": "gpt"},
        {"mountpoints": ["/srv"]},
        {"children": [{"path": "/dev/sdb1"}]},
        {"ro": True},
        {"rm": True},
        {"type": "loop"},
    ],
)
def test_only_blank_disks_are_taken(used: dict[str, Any]) -> None:
    listing = {"blockdevices": [device("/dev/sda"), device("/dev/sdb", **used)]}
    assert DISKS.blank(listing) == {"/dev/sda": 4 * TIB}


def test_a_disk_is_taken_by_its_declared_size() -> None:
    declared = {"osd-1": 4 * TIB, "osd-2": 2 * TIB}
    free = {"/dev/sda": int(3.99 * TIB), "/dev/sdb": 240 * 2**30, "/dev/sdc": 2 * TIB}
    assert DISKS.chosen(declared, (), free) == (["/dev/sda", "/dev/sdc"], [])


def test_a_disk_that_has_an_osd_needs_no_other_one_and_a_missing_one_is_named() -> None:
    declared = {"osd-1": 4 * TIB, "osd-2": 4 * TIB, "osd-3": 4 * TIB}
    assert DISKS.chosen(declared, (4 * TIB,), {"/dev/sdb": 4 * TIB}) == (["/dev/sdb"], ["osd-3"])


def test_a_container_has_one_osd_in_a_file_and_a_machine_one_for_each_disk(tmp_path: Path, lab: Cloud) -> None:
    assert composed.fact(lab, "ceph-osd", "DISKS", "sto-1") == f"osd={20 * 2**30}"
    real = composed.cloud(tmp_path, REAL)
    assert composed.fact(real, "ceph-osd", "DISKS", "sto-1") == f"osd-1={4 * TIB} osd-2={2 * TIB}"


def test_the_size_of_the_file_is_an_option(tmp_path: Path) -> None:
    text = composed.LAB + STORAGE.replace("ceph-osd: true", "ceph-osd: {file_size: 6GiB}")
    built = composed.cloud(tmp_path, text)
    set_to = composed.settings(composed.rendered(built, "ceph-osd", "sto-1")[ceph_osd.CONFIGURATION].text)
    assert set_to["bluestore_block_size"] == str(6 * 2**30)
    real = composed.rendered(composed.cloud(tmp_path, REAL), "ceph-osd", "sto-1")[ceph_osd.CONFIGURATION].text
    assert "bluestore_block_size" not in real


def test_data_travels_on_the_storage_network(tmp_path: Path) -> None:
    text = composed.LAB.replace("machines:", "  storage: {cidr: 10.78.0.0/24}\nmachines:") + STORAGE
    set_to = composed.settings(
        composed.rendered(composed.cloud(tmp_path, text), "ceph-osd", "sto-1")[ceph_osd.CONFIGURATION].text
    )
    assert set_to["public_addr"].startswith("10.78.0.")
    assert set_to["public_addr"] == set_to["cluster_addr"]
    (port,) = ceph_osd.service.ports
    assert (port.network, port.number, port.last) == ("storage", 6800, 7568)


def test_a_machine_may_make_osds_destroy_dead_ones_and_ask_before_a_restart_only() -> None:
    (account,) = ceph_osd.service.accounts
    assert {kind: caps.split(", ") for kind, caps in account.caps} == {
        "mon": [
            "profile bootstrap-osd",
            "allow command 'osd destroy-actual'",
            "allow command 'osd set-group' with flags=noout",
            "allow command 'osd unset-group' with flags=noout",
        ],
        "mgr": ["allow command 'osd ok-to-stop'", "allow command 'pg ls-by-osd'"],
    }


class Restarting:
    """A cluster with what its manager and its map say of one OSD."""

    def __init__(self, ok: bool, groups: list[tuple[str, int]], up_from: int = 0) -> None:
        self.ok, self.groups, self.up_from = ok, groups, up_from
        self.said: list[tuple[str, dict[str, Any]]] = []

    def say(self, prefix: str, **arguments: Any) -> None:
        self.said.append((prefix, arguments))

    def ask(self, prefix: str) -> Any:
        assert prefix == "osd dump"
        return {"osds": [{"osd": 4, "up_from": self.up_from}]}

    def ask_manager(self, prefix: str, **arguments: Any) -> Any:
        if prefix == "osd ok-to-stop":
            assert arguments == {"ids": ["4"]}
            return {"ok_to_stop": self.ok, "bad_become_inactive": [] if self.ok else ["2.0", "2.1"]}
        assert (prefix, arguments) == ("pg ls-by-osd", {"osd": 4})
        if not self.groups:
            return {"pg_ready": True}  # seen with Ceph 18.2 while the OSD is in no placement group
        return {
            "pg_stats": [
                {"pgid": f"2.{number}", "state": state, "reported_epoch": str(epoch)}
                for number, (state, epoch) in enumerate(self.groups)
            ]
        }


@pytest.mark.parametrize(
    ("ok", "spare", "said"),
    [(True, 1, ""), (False, 1, "2 placement groups would have too few copies"), (False, 0, ""), (True, 0, "")],
)
def test_osds_stop_only_if_enough_copies_stay_and_then_keep_their_data(ok: bool, spare: int, said: str) -> None:
    cluster = Restarting(ok, [])
    assert RESTART.may_stop(cluster, "sto-1", spare, [4]).partition("|")[0] == said
    assert cluster.said == ([] if said else [("osd set-group", {"flags": "noout", "who": ["sto-1"]})])


STATES = st.sampled_from(
    ["active+clean", "active+clean+scrubbing+deep", "active+undersized+degraded", "peering", "clean"]
)


@given(st.lists(st.tuples(STATES, st.integers(1, 9)), max_size=4), st.integers(0, 5), st.integers(1, 9))
def test_a_restart_ends_when_every_group_is_reported_complete_since(
    groups: list[tuple[str, int]], held: int, up_from: int
) -> None:
    """The manager's reports are seconds old: those of the time before the restart say that all is well."""
    cluster = Restarting(True, groups, up_from)
    complete = all(state.startswith("active+clean") and epoch >= up_from for state, epoch in groups)
    assert (RESTART.settled(cluster, "sto-1", held, [4]) == "") is (complete and len(groups) >= held)
    assert cluster.said == [("osd unset-group", {"flags": "noout", "who": ["sto-1"]})]


def test_the_scripts_ask_for_this_machines_osds_and_the_copies_it_may_take_away(box: Sandbox) -> None:
    assert box.run("may-stop.sh").code == 0, "a machine without OSDs has nothing to ask"
    assert box.calls("python3") == []
    (box.state / "made").write_text("4\n5\n")
    assert box.run("join.sh").code == 0
    (box.state / "asok").write_text('{"state": "active", "num_pgs": 16}')
    assert box.run("may-stop.sh").code == 0
    assert box.calls("python3")[-1].endswith("restart.py may-stop sto-1 1 4 5")
    assert box.run("settled.sh").code == 0
    assert box.calls("python3")[-1].endswith("restart.py settled sto-1 32 4 5")


def test_a_change_of_the_configuration_restarts_no_osd(lab: Cloud) -> None:
    files = composed.rendered(lab, "ceph-osd", "sto-1")
    assert files[ceph_osd.CONFIGURATION].on_change == "none"
    assert files[ceph_osd.KEYRING].on_change == "none"
    assert files[ceph_osd.KEYRING].mode == 0o600


SOCKET = 'case "$*" in *admin_socket.py*) cat "$STATE_DIR/asok" ;; *osds.py) cat "$STATE_DIR/made" ;; esac'


@pytest.fixture(name="box")
def _box(tmp_path: Path, lab: Cloud) -> Sandbox:
    return Sandbox(tmp_path / "node", lab, "sto-1", "ceph-osd", {"python3": SOCKET, "systemctl": ""})


def test_each_osd_of_the_machine_is_started_and_must_be_active(box: Sandbox) -> None:
    assert "no OSD yet" in box.run("verify.sh").errors
    (box.state / "made").write_text("4\n")
    assert box.run("join.sh").code == 0
    assert "start ceph-osd.target ceph-osd@4.service" in box.calls("systemctl")
    (box.state / "asok").write_text('{"state": "booting"}')
    assert "osd.4 is booting" in box.run("verify.sh").errors
    (box.state / "asok").write_text('{"state": "active"}')
    assert box.run("verify.sh").output == "osd.4 active\n"


def test_a_declared_disk_without_an_osd_is_a_fault(box: Sandbox) -> None:
    (box.state / "made").write_text("4\n")
    (box.state / "asok").write_text('{"state": "active"}')
    assert box.run("join.sh").code == 0
    path = box.root / "etc/hacienda/services/ceph-osd.env"
    path.write_text(path.read_text() + "DISKS='osd-1=1 osd-2=1'\n")
    outcome = box.run("verify.sh")
    assert outcome.code == 1
    assert "1 of 2 declared disks" in outcome.errors


def test_a_storage_machine_without_a_disk_is_a_fault(box: Sandbox) -> None:
    path = box.root / "etc/hacienda/services/ceph-osd.env"
    path.write_text(path.read_text() + "DISKS=''\n")
    assert "has no disk" in box.run("verify.sh").errors
