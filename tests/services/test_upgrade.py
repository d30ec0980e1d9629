"""A release's own check: when it is asked, by whom, and what verify says of it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hacienda import services
from hacienda.cloud import Cloud
from tests.services import composed
from tests.services.sandbox import Outcome, Sandbox

CHECK = composed.program("openstack", "upgrade_check.py")
ASKED = [service.name for service in services.registry() if service.afterwards]
TABLE = """\
+--------------------------------------------------------------------+
| Upgrade Check Results                                              |
+--------------------------------------------------------------------+
| Check: Cells v2                                                    |
| Result: Success                                                    |
| Details: None                                                      |
+--------------------------------------------------------------------+
| Check: hw_machine_type unset                                       |
| Result: Warning                                                    |
| Details: Instances found without hw_machine_type set. This warning |
|   can be ignored if your environment does not contain libvirt      |
|   based compute hosts.                                             |
+--------------------------------------------------------------------+
| Check: Placement API                                               |
| Result: Failure                                                    |
| Details: Placement API endpoint not found.                         |
+--------------------------------------------------------------------+
"""
"""As oslo.upgradecheck prints it."""
ERROR = """\
Error:
Traceback (most recent call last):
  File "upgradecheck.py", line 192, in run
    return conf.command.action_fn()
sqlalchemy.exc.OperationalError: (2006) gone away
(Background on this error at: https://sqlalche.me/e/20/e3q8)
"""


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def test_every_service_with_a_schema_of_openstacks_has_one() -> None:
    assert set(ASKED) == {one.name for one in services.registry() if one.catalogue and one.pools}


def test_what_did_not_succeed_is_said_the_worst_first() -> None:
    assert CHECK.findings(TABLE) == (
        "Placement API: Placement API endpoint not found.; hw_machine_type unset: Instances found without hw_machine_type set. "
        "This warning can be ignored if your environment does not contain libvirt based compute hosts."
    )
    assert CHECK.findings("") == ""


@pytest.mark.parametrize(
    ("does", "code", "line"),
    [
        (lambda: 0, 0, ""),
        (lambda: print(TABLE) or 2, 2, "Placement API: Placement API endpoint not found."),
        (lambda: print(ERROR) or 255, 255, "sqlalchemy.exc.OperationalError: (2006) gone away"),
        (lambda: print("no such table") or 255, 255, "no such table"),
        (lambda: "ERROR: cannot read\nthe folder.", 255, "ERROR: cannot read the folder."),
        (lambda: sys.exit(2), 255, "one_status ended with 2"),
        (lambda: [].pop(), 255, "IndexError: pop from empty list"),
    ],
    ids=["success", "failure", "error", "other error", "text", "arguments", "crash"],
)
def test_it_ends_as_the_tool_does_and_a_crash_is_no_warning(
    does: Any, code: int, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = ModuleType("one_status")
    vars(tool)["main"] = does
    monkeypatch.setitem(sys.modules, "one_status", tool)
    monkeypatch.setattr(sys, "argv", [])
    found, said = CHECK.run("one_status", ["--config-file", "/etc/one.conf"])
    assert (found, said.partition(" hw_")[0].rstrip(";")) == (code, line)
    assert sys.argv == ["one_status", "--config-file", "/etc/one.conf", "upgrade", "check"]


PROGRAMS = {
    # The tool, as its user starts it: what it says and how it ends.
    "python3": """
if [[ $1 == *upgrade_check.py ]]; then cat "$STATE_DIR/says"; exit "$(<"$STATE_DIR/ends")"; fi
echo answers
""",
    "dpkg-query": 'cat "$STATE_DIR/version"',
    "systemctl": "",
    "curl": "",
    "etcdctl": "exit 1",
    "nproc": 'cat "$STATE_DIR/processors"',
    "sleep": "",
    "flock": "",
}


@pytest.fixture(name="box")
def _box(tmp_path: Path, lab: Cloud) -> Sandbox:
    """The first controller, at rest."""
    return at(tmp_path, lab, "ctl-1")


def at(folder: Path, cloud: Cloud, node: str, service: str = "nova") -> Sandbox:
    box = Sandbox(folder / node, cloud, node, service, PROGRAMS)
    for name, text in (("version", "2:31.0.0-6"), ("processors", "1000000"), ("says", ""), ("ends", "0")):
        (box.state / name).write_text(text)
    if service == "keystone":
        for name in ("fernet-keys", "credential-keys"):
            (box.root / name).mkdir()
        script = box.root / "usr/lib/hacienda/keystone/verify.sh"
        script.write_text(script.read_text().replace("cd /etc/keystone", f"cd {box.root}"))
    return box


def asked(box: Sandbox) -> int:
    """How often the tool was run."""
    return sum("upgrade_check.py" in call for call in box.calls("python3"))


def check(box: Sandbox, code: int = 0, says: str = "") -> Outcome:
    (box.state / "ends").write_text(str(code))
    (box.state / "says").write_text(says)
    return box.run("upgrade-check.sh")


def test_it_is_asked_once_for_each_version_as_the_services_user(box: Sandbox) -> None:
    assert [check(box).code, check(box).code] == [0, 0]
    assert asked(box) == 1
    assert box.calls("setpriv")[0].startswith("--reuid=nova --regid=nova --init-groups -- timeout ")
    assert box.calls("python3")[0].endswith("/upgrade_check.py nova.cmd.status --config-file /etc/nova/nova.conf")
    (box.state / "version").write_text("2:32.0.0-1")
    assert check(box).code == 0
    assert asked(box) == 2
    assert box.calls("dpkg-query")[0].endswith(" python3-nova")


def test_what_failed_is_asked_again(box: Sandbox) -> None:
    assert [check(box, 2, "x").code, check(box, 2, "x").code] == [1, 1]
    assert asked(box) == 2
    assert check(box).code == 0
    assert check(box, 2, "x").code == 0, "nobody asks after a success"


def test_what_does_not_run_is_tried_three_times_before_it_is_kept(box: Sandbox) -> None:
    assert check(box, 255, "gone away").code == 1
    assert asked(box) == 3
    assert box.calls("sleep") == ["60", "60"]


def test_one_member_asks_for_all(tmp_path: Path, lab: Cloud) -> None:
    other = at(tmp_path, lab, "ctl-2")
    assert check(other, 2, "x").code == 0
    assert asked(other) == 0
    assert other.run("verify.sh").code == 0


def test_it_waits_while_the_machine_is_at_work_and_not_for_ever(box: Sandbox) -> None:
    (box.state / "processors").write_text("0")
    assert check(box).code == 0
    assert box.calls("sleep") == ["15"] * 60
    assert asked(box) == 1


@pytest.mark.parametrize("service", ["nova", "keystone"])
@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0, ""),
        (1, "; the upgrade check of {} 2:31.0.0-6 warns: Worker counts: set / them"),
        (2, "the upgrade check of {} 2:31.0.0-6 fails: Worker counts: set / them|"),
        (255, "the upgrade check of {} 2:31.0.0-6 does not run: Worker counts: set / them|"),
    ],
)
def test_verify_says_what_the_check_said_and_a_start_does_not_wait_for_it(
    tmp_path: Path, lab: Cloud, service: str, code: int, verdict: str
) -> None:
    box = at(tmp_path, lab, "ctl-1", service)
    assert box.run("verify.sh").output == "answers\n", "nobody has asked yet"
    check(box, code, "Worker counts: set | them\n")
    ran = asked(box)
    found = box.run("verify.sh")
    assert asked(box) == ran, "a question costs no check"
    assert found.code == (code > 1)
    told = verdict.format(service)
    assert told in (found.errors if code > 1 else found.output)
    assert box.run("verify.sh", "--local").output == "answers\n"


def test_its_unit_takes_what_nothing_else_takes_and_waits_for_the_other_apis(lab: Cloud) -> None:
    unit = composed.rendered(lab, "nova")["/etc/systemd/system/nova-upgrade-check.service"]
    lines = unit.text.splitlines()
    assert {"Nice=19", "CPUWeight=idle", "IOSchedulingClass=idle", "Restart=on-failure"} <= set(lines)
    (after,) = (line for line in lines if line.startswith("After="))
    assert {"hacienda-nova.service", "hacienda-placement.service", "hacienda-cinder.service"} <= set(after.split())
    assert unit.on_change == "none", "a change of it restarts no API"
    assert composed.fact(lab, "nova", "HACIENDA_AFTERWARDS") == "nova-upgrade-check.service"
