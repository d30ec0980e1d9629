"""This machine's own programs check what they can, in copies of it; nothing of it changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hacienda.cloudinit import NodeOutput, RenderedFile
from hacienda.review import validation
from hacienda.review.validation import CHECKERS, Installed, installed
from hacienda.review.validation.checkers import Program
from tests.review.test_validation import lab_node, needs

PACKAGES = ("no-such-package",)


def program(checker: str) -> Program:
    (found,) = (check for check in CHECKERS[checker] if isinstance(check, Program))
    return found


@pytest.fixture
def place() -> Installed:
    return Installed(PACKAGES)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without any package."""
    monkeypatch.setenv("PATH", "/nonexistent")
    installed._forbidden.cache_clear()
    yield
    installed._forbidden.cache_clear()


def test_what_is_not_installed_is_told_with_what_to_do(place: Installed, bare: None) -> None:
    assert place.lacks(program("haproxy")).startswith("not installed: haproxy; install it, or run as root")


def test_what_looks_for_other_programs_needs_all_packages(place: Installed) -> None:
    assert "no-such-package" in place.lacks(program("systemd-analyze"))


def test_a_check_that_changes_the_kernel_is_not_made(place: Installed) -> None:
    assert "this machine's kernel" in place.lacks(program("sysctl"))


def test_who_is_not_root_is_told(place: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(Installed, "_versions", {"bash": "5"})
    installed._forbidden.cache_clear()
    assert "only root can create" in place.lacks(program("bash"))
    installed._forbidden.cache_clear()


def test_another_version_is_another_program(monkeypatch: pytest.MonkeyPatch, place: Installed) -> None:
    monkeypatch.setattr(Installed, "_versions", {"rabbitmq-server": "1", "erlang-base": "2"})
    assert place.identity(program("rabbitmq")) == "rabbitmq-server=1 erlang-base=2"


def broken() -> NodeOutput:
    """A node whose shell variables, program and script are wrong."""
    wrong = (
        RenderedFile("/etc/hacienda/node.env", "X=one two\n", "bash", "hacienda"),
        RenderedFile("/usr/lib/hacienda/x.py", "def f(:\n", "python", "hacienda"),
        RenderedFile("/usr/lib/hacienda/x.sh", "#!/bin/bash\nif then\n", "shellcheck", "hacienda"),
        RenderedFile("/etc/nftables.conf", "table inet x {\n", "nft", "firewall"),
    )
    return replace(lab_node(), files=wrong)


def test_programs_refuse_what_is_wrong_or_are_said_not_to_have_looked(place: Installed) -> None:
    report = validation.validate([broken()], needs(), place)
    told = {(r.subject.file.path, r.check): r for r in report.results}
    for path, check in (
        ("/etc/hacienda/node.env", "bash, as variables"),
        ("/usr/lib/hacienda/x.py", "Python's compile"),
        ("/usr/lib/hacienda/x.sh", "bash -n"),
        ("/etc/nftables.conf", "nft -c"),
    ):
        result = told[path, check]
        lacking = place.lacks(program_of(check))
        assert (result.accepted, bool(result.said)) == ((None if lacking else False), True), str(result)
        assert lacking in result.said
    assert told["/usr/lib/hacienda/x.py", "Python's compile, here"].accepted is False
    assert told["/usr/lib/hacienda/x.sh", "ShellCheck"].accepted is False


def program_of(title: str) -> Program:
    return next(c for checks in CHECKERS.values() for c in checks if isinstance(c, Program) and c.title == title)


def test_nothing_is_left_of_it(place: Installed) -> None:
    def mounts() -> list[str]:
        return [line for line in Path("/proc/self/mounts").read_text().splitlines() if "hacienda-validation" in line]

    validation.validate([broken()], needs(), place)
    assert mounts() == []
    assert not Path("/usr/lib/hacienda-validation").exists()
