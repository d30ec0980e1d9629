"""What services rely on in their packages is looked at before anything is touched, and again when packages change."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from hacienda import cloudinit
from hacienda.cloudinit.node import holds
from hacienda.declare import Assumption, Registry
from tests.cloudinit import sample
from tests.cloudinit.conftest import Machine, make_values

MOVED = Assumption("beta-server", "line", "/usr/share/beta/start.conf", r"^once=", reason="its start reads that line")


def relying(*assumptions: Assumption) -> cloudinit.NodeOutput:
    """ctl-1, where beta relies on something."""
    beta = replace(sample.beta, assumptions=assumptions)
    return sample.render(registry=Registry((sample.alpha, beta, sample.gamma)))


def put(root: Path, path: str, text: str = "", mode: int = 0o644) -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    """A file system in which everything below holds."""
    put(tmp_path, "/usr/sbin/betad", mode=0o755)
    put(tmp_path, "/usr/share/beta/data")
    put(tmp_path, "/etc/passwd", "root:x:0:0::/root:/bin/sh\nbeta:x:99:99::/nonexistent:/bin/false\n")
    put(tmp_path, "/etc/group", "root:x:0:\nbeta:x:99:\n")
    put(tmp_path, "/usr/lib/systemd/system/beta.service")
    put(tmp_path, "/usr/share/beta/start.conf", "# how it starts\nonce=yes\n")
    return tmp_path


EACH = {
    "program": ("/usr/sbin/betad", ""),
    "file": ("/usr/share/beta/data", ""),
    "folder": ("/usr/share/beta", ""),
    "user": ("beta", ""),
    "group": ("beta", ""),
    "unit": ("beta.service", ""),
    "line": ("/usr/share/beta/start.conf", "^once="),
    "answer": ("echo beta 4.2", r"^beta 4\."),
}
WRONG = {
    "program": ("/usr/share/beta/data", "", "there is no program /usr/share/beta/data"),
    "file": ("/usr/share/beta", "", "there is no file /usr/share/beta"),
    "folder": ("/usr/share/gamma", "", "there is no folder /usr/share/gamma"),
    "user": ("bet", "", "there is no user bet"),
    "group": ("bet", "", "there is no group bet"),
    "unit": ("beta.socket", "", "there is no unit beta.socket"),
    "line": ("/usr/share/beta/start.conf", "^always=", "/usr/share/beta/start.conf has no line like ^always="),
    "answer": ("echo beta 5.0", r"^beta 4\.", r"echo beta 5.0 prints nothing like ^beta 4\., but: beta 5.0"),
}


def assumed(kind: str, subject: str, expected: str) -> dict[str, str]:
    return {"service": "beta", "package": "b", "kind": kind, "subject": subject, "expected": expected, "reason": "it"}


@pytest.mark.parametrize("kind", EACH)
def test_each_kind_holds_and_is_missed(kind: str, root: Path) -> None:
    assert holds.broken([assumed(kind, *EACH[kind])], root) == []
    subject, expected, detail = WRONG[kind]
    (lack,) = holds.broken([assumed(kind, subject, expected)], root)
    assert lack["detail"] == detail
    assert lack["version"] == "not installed"


def test_a_command_that_fails_or_is_not_there_does_not_hold(root: Path) -> None:
    said = [lack["detail"] for lack in holds.broken([assumed("answer", c, "x") for c in ("false", "/no/such x")], root)]
    assert said[0] == "false: exit code 1: "
    assert said[1].startswith("/no/such x: [Errno 2]")


def test_a_busy_machine_lacks_nothing_for_sure_and_is_asked_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "SECONDS", 0.2)
    (lack,) = holds.broken([assumed("answer", "sleep 60", "x")], root)
    assert lack["detail"] == "sleep 60 did not answer within 0.2 s, so its state is unknown"
    assert holds.told(lack)[1] == "try again when the machine is less busy"


def test_an_answer_that_is_not_there_is_not_remembered(machine: Machine) -> None:
    lasting = Assumption("beta-server", "answer", "sh -c 'sleep 9'", "x", reason="its start asks it")
    program = machine.root / "usr/lib/hacienda/hacienda/cloudinit/node/holds.py"
    assert machine.deliver(sample.render(), make_values(sample.render())).returncode == 0
    program.write_text(program.read_text().replace("SECONDS = 300", "SECONDS = 0.25"))
    manifest = machine.state / "bundle/manifest.json"
    told = json.loads(manifest.read_text())
    told["assumptions"] = [lasting.to_json("beta")]
    manifest.write_text(json.dumps(told))
    before = (machine.state / "assumptions.json").read_text()
    answer = machine.run("hacienda-assumptions")
    assert answer.returncode == 1
    assert "did not answer within 0.25 s" in answer.stdout
    assert (machine.state / "assumptions.json").read_text() == before


def test_a_kind_that_is_not_known_never_holds(root: Path) -> None:
    (lack,) = holds.broken([assumed("colour", "blue", "")], root)
    assert lack["detail"] == "'colour' is not a kind of assumption that this program supports"


def test_an_installation_is_refused_before_anything_is_touched(machine: Machine) -> None:
    values = make_values(relying(MOVED))
    answer = machine.deliver(relying(MOVED), values)
    assert answer.returncode == 3
    assert "beta-server" in answer.stderr
    assert (
        "/usr/share/beta/start.conf has no line like ^once=; beta needs it: its start reads that line|" in answer.stderr
    )
    assert "docs/assumptions.md" in answer.stderr
    assert not (machine.root / "etc/beta/beta.conf").exists()
    assert not [call for call in machine.calls() if call.startswith("systemctl")]
    put(machine.root, MOVED.subject, "once=yes\n")
    put(machine.root, "/var/lib/dpkg/status", "something was installed\n")
    assert machine.deliver(relying(MOVED), values).returncode == 0


def test_packages_that_change_later_are_looked_at_and_named(machine: Machine) -> None:
    put(machine.root, MOVED.subject, "once=yes\n")
    put(machine.root, "/var/lib/dpkg/status", "1\n")
    assert machine.deliver(relying(MOVED), make_values(relying(MOVED))).returncode == 0
    assert machine.run("hacienda-assumptions").returncode == 0
    put(machine.root, MOVED.subject, "moved elsewhere\n")
    assert machine.run("hacienda-assumptions").returncode == 0, "looked again although no package changed"
    status = machine.root / "var/lib/dpkg/status"
    status.write_text("an update\n")
    os.utime(status, ns=(1, 1))
    answer = machine.run("hacienda-assumptions", "beta")
    assert answer.returncode == 1
    assert answer.stdout.startswith("beta-server ")
    assert machine.run("hacienda-assumptions", "alpha").returncode == 0
    found = json.loads(machine.run("hacienda-verify", "beta", "--json").stdout)
    assert found[0]["ok"] is False
    assert "its start reads that line" in found[0]["detail"]


def test_what_runs_is_not_stopped_for_a_restart_that_cannot_end_well(machine: Machine) -> None:
    put(machine.root, MOVED.subject, "once=yes\n")
    put(machine.root, "/var/lib/dpkg/status", "1\n")
    machine.deliver(relying(MOVED), make_values(relying(MOVED)))
    assert machine.run("hacienda-converge", "beta").returncode == 0
    put(machine.root, MOVED.subject, "moved elsewhere\n")
    put(machine.root, "/var/lib/dpkg/status", "an update\n")
    (machine.state / "pending").mkdir(exist_ok=True)
    (machine.state / "pending/beta").write_text("restart\n")
    machine.calls()
    answer = machine.run("hacienda-converge", "beta")
    assert answer.returncode == 1
    assert "beta: not restarted: beta-server" in answer.stderr
    assert not [call for call in machine.calls() if " stop " in call or " restart " in call]
