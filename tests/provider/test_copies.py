"""Machines that hold copies, under real Terraform: they restart in turn, are drained before they leave, and are never too few."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest import mock

import pytest

from hacienda import quorum
from hacienda.errors import UnwellError
from hacienda.provider.member import drain, installation
from hacienda.provider.member.declaration import Declared, Keeper
from hacienda.remote.node import Node, Verdict
from hacienda.remote.transport import Address, RemoteError
from tests.provider.cloud import Cloud, Member

GROUP = "galera"
"""Service of the stand-ins' bundles that holds copies here."""
CONFIGURATION = f"/etc/{GROUP}/{GROUP}.conf"
RACKS = {"sto-1": "rack-1", "sto-2": "rack-1", "sto-3": "rack-2"}


@pytest.fixture(scope="module")
def stored(declared: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """Three controllers, and three storage machines in two racks."""
    cloud = declared.copy(tmp_path_factory.mktemp("stored"))
    for name, rack in RACKS.items():
        share = {"domain": rack, "copies": 3, "minimum": 2}
        keepers = {one: {"host": "192.0.2.1", "port": 22, "services": [GROUP]} for one in ("ctl-1", "ctl-2")}
        cloud.members[name] = Member(
            name, f"machine-{name}", {}, extra={"redundancy": {GROUP: share}, "keepers": keepers}
        )
        (cloud.machines / name).mkdir()
    return cloud.applied()


@pytest.fixture
def storage(stored: Cloud, tmp_path: Path) -> Cloud:
    return stored.copy(tmp_path)


def changed(cloud: Cloud) -> None:
    """The file of the service with copies changes on all storage machines."""
    for name in RACKS:
        cloud.members[name].files[CONFIGURATION] = "another\n"


def leaves(cloud: Cloud, node: str) -> list[str]:
    path = cloud.machine(node) / "leaves"
    return path.read_text().splitlines() if path.exists() else []


def test_failure_domains_restart_one_after_another(storage: Cloud) -> None:
    changed(storage)
    order = storage.folder / "order"
    for name, rack in RACKS.items():
        behaviour = f'echo "begin {rack}" >>"{order}"; sleep 1; echo "end {rack}" >>"{order}"\n'
        (storage.machine(name) / "behaviour").write_text(behaviour)
    assert storage.apply().code == 0
    seen = order.read_text().splitlines()
    at_work: list[str] = []
    for line in seen:
        what, _, rack = line.partition(" ")
        if what == "begin":
            at_work.append(rack)
        assert len(set(at_work)) <= 1, seen
        if what == "end":
            at_work.remove(rack)
    assert len(seen) == 2 * len(RACKS)


def test_a_change_that_restarts_no_copies_waits_for_nobody(storage: Cloud) -> None:
    """Each installation ends only when all have begun."""
    for name in RACKS:
        storage.members[name].files["/etc/haproxy/haproxy.conf"] = "another\n"
        others = " ".join(f'"{storage.folder}/{other}"' for other in RACKS)
        behaviour = (
            f'touch "{storage.folder}/{name}"; for one in {others}; do until [ -e "$one" ]; do sleep 0.1; done; done\n'
        )
        (storage.machine(name) / "behaviour").write_text(behaviour)
    assert storage.apply().code == 0


def test_nobody_restarts_after_one_that_did_not_become_healthy(storage: Cloud) -> None:
    changed(storage)
    for name in RACKS:
        (storage.machine(name) / "behaviour").write_text("exit 3\n")
    before = {name: len(storage.installs(name)) for name in RACKS}
    answer = storage.apply()
    assert answer.code == 1
    assert "keeps its former configuration" in answer.flat
    begun = {RACKS[name] for name in RACKS if len(storage.installs(name)) > before[name]}
    assert len(begun) == 1, "the other failure domain is not touched"
    for name in RACKS:
        (storage.machine(name) / "behaviour").unlink()
    assert storage.apply().code == 0, "the next apply repairs"


def test_two_failure_domains_are_not_replaced_in_one_plan(storage: Cloud) -> None:
    storage.members["sto-1"].machine = storage.members["sto-3"].machine = "another"
    answer = storage.apply()
    assert answer.code == 1
    assert f"{GROUP} {quorum.TOO_FEW}" in answer.flat
    assert "sto-1 (to be replaced), sto-3 (to be replaced)" in answer.flat
    assert (
        "of 3 copies, those on sto-1 and sto-3 (failure domains rack-1 and rack-2) would be gone and 1 would remain"
        in answer.flat
    )
    assert "Safe order: let one node leave, apply" in answer.flat
    assert not any(leaves(storage, name) for name in storage.members)


def test_one_failure_domain_is_replaced_and_not_drained(storage: Cloud) -> None:
    storage.members["sto-1"].machine = storage.members["sto-2"].machine = "another"
    answer = storage.apply()
    assert answer.code == 0, answer.text
    assert leaves(storage, "sto-1") == leaves(storage, "sto-2") == ["--self"]
    # The new machine takes the place of the old one, with its number.
    assert sorted(leaves(storage, "ctl-1")) == [f"--check sto-1 {GROUP}", f"--check sto-2 {GROUP}"]


def test_two_failure_domains_that_stop_holding_copies_in_place_are_too_few(storage: Cloud) -> None:
    for name in ("sto-1", "sto-3"):
        storage.members[name].extra["redundancy"] = None
    answer = storage.apply()
    assert answer.code == 1
    assert f"to leave {GROUP}, in place" in answer.flat
    assert f"{GROUP} {quorum.TOO_FEW}" in answer.flat


def test_a_machine_that_leaves_is_drained_before_it_stops(storage: Cloud) -> None:
    (storage.machine("ctl-1") / "drains").write_text(
        '"ok": false, "working": true, "detail": "7 of 32 placement groups still move", "fix": ""\n'
    )
    del storage.members["sto-1"]
    answer = storage.apply()
    assert answer.code == 0, answer.text
    assert leaves(storage, "ctl-1") == [*[f"--drain --json sto-1 {GROUP}"] * 2, f"sto-1 {GROUP}"]
    assert leaves(storage, "sto-1") == ["--self"]
    assert "7 of 32 placement groups still move" in storage.progress.read_text()
    assert "hacienda_member.sto-1" not in storage.state()


def test_a_machine_that_cannot_be_drained_stays_in_service(storage: Cloud) -> None:
    (storage.machine("ctl-1") / "drains").write_text(
        '"ok": false, "detail": "only 2 machines could hold 3 copies", "fix": "add a storage machine first"\n'
    )
    del storage.members["sto-1"]
    answer = storage.apply()
    assert answer.code == 1
    assert "sto-1 must not leave now: it holds what has no other place" in answer.flat
    assert "only 2 machines could hold 3 copies add a storage machine first" in answer.flat
    assert leaves(storage, "ctl-1")[-1] == f"--stay sto-1 {GROUP}"
    assert leaves(storage, "sto-1") == []
    assert "hacienda_member.sto-1" in storage.state()


def test_a_dead_machine_is_drained_and_removed_by_another_keeper(storage: Cloud) -> None:
    for name in ("ctl-1", "sto-1"):
        storage.machine(name).rename(storage.folder / f"dead-{name}")
    del storage.members["sto-1"]
    answer = storage.apply("-target=hacienda_member.sto-1")
    assert answer.code == 0, answer.text
    assert leaves(storage, "ctl-2") == [f"--drain --json sto-1 {GROUP}", f"sto-1 {GROUP}"]


def member(keeper: mock.Mock, monkeypatch: pytest.MonkeyPatch) -> Declared:
    """sto-1, whose only keeper is this one."""
    keeper.name = "ctl-1"
    address = Address("ctl-1", "192.0.2.1", "known_hosts:/dev/null")
    found: Declared = mock.create_autospec(Declared, instance=True)
    given = {"voter": quorum.Member("sto-1", {}, {}), "keepers": {"ctl-1": Keeper(address, ("ceph",))}}
    for name, value in given.items():
        object.__setattr__(found, name, value)
    monkeypatch.setattr(drain, "connect", lambda address: address)
    monkeypatch.setattr(drain, "Node", lambda transport: keeper)
    monkeypatch.setattr(drain, "PAUSE", 0.01)
    return found


def test_without_an_answer_the_machine_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = mock.create_autospec(Node, instance=True)
    leaving = member(keeper, monkeypatch)
    monkeypatch.setattr(drain, "_SILENCE", 0.05)
    keeper.drain.side_effect = keeper.stay.side_effect = RemoteError("ctl-1 does not answer")
    with pytest.raises(UnwellError, match="sto-1 cannot leave now: no machine with ceph answers") as refused:
        drain.drain(leaving, threading.Event())
    assert "ctl-1 does not answer" in str(refused.value.fix)


def test_an_interrupted_drain_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = mock.create_autospec(Node, instance=True)
    leaving = member(keeper, monkeypatch)
    keeper.drain.return_value = (Verdict("ceph", False, "7 of 32 placement groups still move", "", working=True),)
    stop = threading.Event()
    stop.set()
    with pytest.raises(UnwellError, match="sto-1: interrupted while it was drained"):
        drain.drain(leaving, stop)
    keeper.stay.assert_called_once_with("sto-1", ("ceph",))


def test_a_machine_is_replaced_when_the_copies_of_the_one_before_are_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = mock.create_autospec(Node, instance=True)
    leaving = member(keeper, monkeypatch)
    keeper.reason_to_stay.side_effect = ["without sto-1, 7 placement groups have too few copies", ""]
    drain.dispensable(leaving, threading.Event())
    assert keeper.reason_to_stay.call_args_list == [mock.call("sto-1", ("ceph",))] * 2
    keeper.reason_to_stay.side_effect = RemoteError("ctl-1 does not answer")
    monkeypatch.setattr(installation, "BUSY", 0.05)
    with pytest.raises(UnwellError, match="sto-1 must not leave now: ceph needs it") as refused:
        drain.dispensable(leaving, threading.Event())
    assert "ctl-1 does not answer" in str(refused.value.fix)


def test_a_restart_is_waited_for_and_named_if_it_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    node = mock.create_autospec(Node, instance=True)
    node.name = "sto-1"
    waiting = Verdict("ceph-osd", False, "still converging: 3 of 32 placement groups are not complete", "")
    monkeypatch.setattr(installation, "_PAUSE", 0.01)
    node.verify.side_effect = [(waiting,), RemoteError("sto-1 does not answer"), (Verdict("ceph-osd", True, "", ""),)]
    assert installation.healthy(node, ["ceph-osd"], threading.Event()).converged
    node.verify.side_effect = None
    node.verify.return_value = (waiting,)
    monkeypatch.setattr(installation, "BUSY", 0.05)
    outcome = installation.healthy(node, ["ceph-osd"], threading.Event())
    assert (outcome.converged, outcome.detail) == (False, f"ceph-osd: {waiting.detail}")
    node.verify.assert_called_with(["ceph-osd"], local=True)
