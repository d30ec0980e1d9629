"""What we ask of a node, against a node that is a folder."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hacienda.remote import connections, scripts
from hacienda.remote.connections import connect
from hacienda.remote.node import Delivery, Fault, Node
from hacienda.remote.transport import Address, RemoteError, UnreachableError
from tests.provider.cloud import HERE, make_bundle


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The node's folder."""
    (tmp_path / "bin").symlink_to(HERE / "bin")
    (tmp_path / "ctl-1").mkdir()
    monkeypatch.setenv(connections.VARIABLE, f"local:{tmp_path}")
    return tmp_path / "ctl-1"


@pytest.fixture
def node(root: Path) -> Node:
    return Node(connect(Address("ctl-1", "192.0.2.1", "known_hosts:/dev/null")))


BUNDLE = make_bundle("ctl-1", {"/etc/etcd/etcd.conf": "1\n"})


def installed(node: Node, delivery: Delivery) -> str:
    name = node.deliver(delivery)
    node.start_installation(name)
    ended = node.installation(name)
    assert (ended.phase, ended.code) == ("ended", 0), ended
    return name


def test_a_delivery_is_installed_and_leaves_nothing_lying_about(node: Node, root: Path) -> None:
    assert node.status() is None
    installed(node, Delivery(BUNDLE, {"database/nova": b"hidden"}, {"database/nova": "12ab"}, {"etcd": "1"}))
    status = node.status()
    assert status is not None
    assert status.converged
    assert status.secrets == {"database/nova": "12ab"}
    assert (root / "var/lib/hacienda/secrets/database/nova").read_bytes() == b"hidden"
    assert node.told_clusters() == {"etcd": "1"}
    assert list((root / "var/lib/hacienda/incoming").iterdir()) == []


def test_without_secrets_those_on_the_node_stay(node: Node, root: Path) -> None:
    installed(node, Delivery(BUNDLE, {"database/nova": b"hidden"}, {"database/nova": "12ab"}, {}))
    installed(node, Delivery(BUNDLE, None, {}, {}))
    assert (root / "var/lib/hacienda/secrets/database/nova").read_bytes() == b"hidden"


def test_a_delivery_that_was_cut_off_is_thrown_away(root: Path) -> None:
    transport = connect(Address("ctl-1", "192.0.2.1", "known_hosts:/dev/null"))
    done = transport.run(scripts.RECEIVE, bytes(10240))
    assert done.code != 0
    assert list((root / "var/lib/hacienda/incoming").iterdir()) == []


def test_a_damaged_bundle_is_refused(node: Node) -> None:
    with pytest.raises(RemoteError, match="ctl-1 could not receive the bundle"):
        node.deliver(Delivery(BUNDLE[:100], None, {}, {}))


def test_an_installation_that_disappeared_is_lost(node: Node) -> None:
    assert node.installation("abcdefgh").phase == "lost"


def test_starting_twice_installs_once(node: Node, root: Path) -> None:
    (root / "behaviour").write_text("sleep 0.5\n")
    name = node.deliver(Delivery(BUNDLE, None, {}, {}))
    node.start_installation(name)
    node.start_installation(name)
    assert node.installation(name).phase == "ended"
    assert (root / "installs").read_text().count("begin") == 1


def test_what_a_node_says_of_its_services(node: Node, root: Path) -> None:
    installed(node, Delivery(BUNDLE, None, {}, {}))
    assert [v.ok for v in node.verify(["etcd"])] == [True]
    (root / "verify.json").write_text('[{"service": "etcd", "ok": false, "detail": "down", "fix": "start it"}]')
    assert node.verify()[0].fix == "start it"


def test_leaving_and_recording(node: Node, root: Path) -> None:
    installed(node, Delivery(BUNDLE, None, {}, {}))
    assert node.reason_to_stay("ctl-2", ["etcd"]) == ""
    (root / "objection").write_text("not now")
    assert node.reason_to_stay("ctl-2", ["etcd"]) == "not now"
    node.remove("ctl-2")
    node.stop_services()
    assert (root / "leaves").read_text().splitlines()[-2:] == ["ctl-2", "--self"]
    assert node.record_clusters() == node.told_clusters() == {"etcd": "c0ffee"}


def test_nonsense_is_an_error_that_shows_it(node: Node, root: Path) -> None:
    installed(node, Delivery(BUNDLE, None, {}, {}))
    (root / "verify.json").write_text("Traceback")
    with pytest.raises(RemoteError, match="gave an unreadable answer") as raised:
        node.verify()
    assert raised.value.fix == "Traceback"


@pytest.mark.parametrize("name", ["ctl-1; reboot", "$(id)", "", "-rf"])
def test_no_name_can_be_read_as_shell(node: Node, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        node.remove(name)


def test_a_machine_that_is_off_is_unreachable(node: Node, root: Path) -> None:
    root.rmdir()
    with pytest.raises(UnreachableError, match="ctl-1 does not answer"):
        node.status()


def test_a_machine_that_hangs_is_unreachable(root: Path) -> None:
    transport = connect(Address("ctl-1", "192.0.2.1", "known_hosts:/dev/null"))
    with pytest.raises(UnreachableError, match="did not answer within"):
        transport.run("sleep 5", timeout=0.2)


def test_the_scripts_are_clean() -> None:
    programs = Path(sys.executable).parent
    texts = [scripts.GREET, scripts.RECEIVE, scripts.start("x"), scripts.wait("x"), scripts.STATUS, scripts.CLUSTER]
    for text in [*texts, scripts.program("hacienda-verify", "--json"), scripts.journal("etcd", 10)]:
        done = subprocess.run(
            [str(programs / "shellcheck"), "--shell=sh", "--format=json", "--exclude=SC2034,SC2016", "-"],
            input=text.encode(),
            capture_output=True,
            check=False,
        )
        assert json.loads(done.stdout) == [], text


def test_a_node_says_what_is_wrong_with_itself(node: Node, root: Path) -> None:
    assert node.diagnose() is None, "nothing is installed that could say it"
    program = root / "usr/lib/hacienda/hacienda-diagnose"
    program.parent.mkdir(parents=True)
    fault = {"kind": "storage", "what": "the disk is full", "fix": "make room", "services": ["etcd"]}
    away = {"node": "ctl-2", "network": "management", "address": "10.0.0.2"}
    answer = {"faults": [fault], "unreached": [away], "time": time.time() + 3600}
    program.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\nexit 1\n")
    program.chmod(0o755)
    found = node.diagnose()
    assert found is not None
    assert found.faults == (Fault("storage", "the disk is full", "make room", ("etcd",)),)
    assert found.unreached == (("ctl-2", "management"),)
    assert 3500 < found.ahead < 3601
    program.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    with pytest.raises(RemoteError, match="could not examine itself"):
        node.diagnose()
