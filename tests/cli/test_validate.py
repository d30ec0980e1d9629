"""`hacienda validate`: what it says, what it ends with, and that a second run asks nobody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hacienda.cli.validate import describe
from hacienda.cloudinit import RenderedFile
from hacienda.review import validation
from hacienda.review.validation import Installed, Report, Result, Subject, shell
from tests.cli.conftest import Project
from tests.review.test_validation import Machine

WRONG = "[ALERT] unknown keyword 'x' \x1b[2J"


@pytest.fixture
def quick(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Project:
    """A project whose scripts ShellCheck does not read, with a cache of its own."""
    monkeypatch.setattr(shell, "refusals", lambda scripts: {})
    project.extra["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    return project


def place(monkeypatch: pytest.MonkeyPatch, machine: Machine) -> Machine:
    monkeypatch.setattr(validation, "choose", lambda packages, of_image: machine)
    return machine


def test_everything_accepted_ends_well_and_is_known_the_second_time(
    quick: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = place(monkeypatch, Machine())
    shown = quick.run("validate", "small").stdout
    assert "  haproxy -c (1-1): 3 files accepted\n" in shown
    assert "not checked by secret: 2 files: no content of it is rendered" in shown
    assert "nothing is refused; a machine" in shown
    again = quick.json("validate", "small")
    assert machine.orders == 1
    assert again["known"] == sum(one["files"] for one in again["checked"] if one["version"] != own_version(again))
    assert {"check": "haproxy -c", "version": "1-1", "files": 3} in again["checked"]
    quick.run("validate", "small", "--fresh")
    assert machine.orders == 2


def own_version(told: dict[str, list[dict[str, str]]]) -> str:
    """Version of our own checks, which are made each time."""
    return next(one["version"] for one in told["checked"] if one["check"] == "JSON")


def test_a_refused_file_ends_with_one_and_is_told_with_its_machines(
    quick: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(monkeypatch, Machine("haproxy -c", WRONG))
    shown = quick.run("validate", "small", code=1).stdout
    assert "/etc/haproxy/haproxy.cfg: refused by haproxy -c (1-1) on ctl-1 ctl-2 ctl-3\n" in shown
    assert "    [ALERT] unknown keyword 'x' \\x1b[2J\n" in shown
    refused = quick.json("validate", "small", code=1)["refused"]
    assert {(one["path"], one["service"], one["check"], one["said"]) for one in refused} == {
        ("/etc/haproxy/haproxy.cfg", "haproxy", "haproxy -c", WRONG)
    }
    assert sorted(node for one in refused for node in one["nodes"]) == ["ctl-1", "ctl-2", "ctl-3"]


def test_where_no_program_can_read_it_ends_with_three(quick: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Installed, "lacks", lambda self, program: "there is none")
    shown = quick.run("validate", "small", "--here", code=3).stdout
    assert "not checked by haproxy -c: 3 files: there is none" in shown
    assert "nothing is refused, but none of the programs that read them on the machines was available" in shown
    assert "was available, only ShellCheck and Hacienda's own checks; " in shown


def test_what_some_programs_could_not_read_is_counted_in_the_sum(
    quick: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(monkeypatch, Machine(without="haproxy"))
    shown = " ".join(quick.run("validate", "small").stdout.split())
    assert re.search(r"; nothing is refused; 3 of \d{3} checks could not be made; a machine", shown)


def test_a_bad_environment_is_bad_input(quick: Project) -> None:
    quick.file.write_text("name: 1\n")
    assert "networks" in quick.run("validate", "small", code=2).stderr


def refusal(node: int, said: str) -> Result:
    file = RenderedFile("/etc/netplan.yaml", str(node), "network-config", "host")
    return Result(Subject(file, (f"big/cmp-{node}",)), "schema", "1", accepted=False, said=said)


def test_the_same_complaint_on_many_machines_is_one() -> None:
    report = Report(tuple(refusal(n, "mtu: large") for n in range(1, 41)), 40, 0, 1.0)
    lines = [line.plain for line in describe("big", "here", report)]
    assert lines[:2] == ["/etc/netplan.yaml: refused by schema (1) on 40 machines: cmp-1..40", "    mtu: large"]


def test_many_complaints_about_one_file_are_not_a_wall() -> None:
    report = Report(tuple(refusal(n, f"cmp-{n}: mtu") for n in range(1, 41)), 40, 0, 1.0)
    lines = [line.plain for line in describe("big", "here", report)]
    assert len(lines) == 8
    assert lines[6] == "  similar refusals on 37 more machines"
