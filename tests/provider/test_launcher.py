"""Which Python the launcher starts, and that Terraform accepts launcher and lock as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hacienda.declare import launcher
from tests.provider.cloud import Cloud


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """project/cdktf.out/stacks/one with its launcher; `project` is where a virtual environment would be."""
    stack = tmp_path / "project/cdktf.out/stacks/one"
    for path, file in launcher.files(str(tmp_path / "synth/python"), "linux_amd64").items():
        (stack / path).parent.mkdir(parents=True, exist_ok=True)
        (stack / path).write_text(file.text)
        (stack / path).chmod(file.mode)
    return stack


def python(path: Path) -> None:
    """A Python that says where it is and how it was called."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('#!/bin/sh\necho "$0" "$@"\n')
    path.chmod(0o755)


def started(stack: Path, **environment: str) -> str:
    program = next(stack.glob("terraform.d/plugins/**/terraform-provider-*"))
    link = stack / ".terraform"
    if not link.exists():
        link.symlink_to(program.parent)
    done = subprocess.run(
        [str(link / program.name), "argument"],
        env={"PATH": f"{stack.parents[2]}/bin:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_python_that_synthesized_comes_before_a_virtual_environment(stack: Path, tmp_path: Path) -> None:
    python(tmp_path / "synth/python")
    python(tmp_path / "project/.venv/bin/python")
    assert started(stack) == f"{tmp_path}/synth/python -P -m hacienda.provider argument"


def test_a_virtual_environment_above_is_found_when_that_one_is_gone(stack: Path, tmp_path: Path) -> None:
    python(tmp_path / "project/.venv/bin/python")
    assert started(stack) == f"{tmp_path}/project/.venv/bin/python -P -m hacienda.provider argument"


def test_the_environment_variable_has_the_last_word(stack: Path, tmp_path: Path) -> None:
    python(tmp_path / "synth/python")
    python(tmp_path / "mine/python")
    mine = f"{tmp_path}/mine/python"
    assert started(stack, HACIENDA_PYTHON=mine).startswith(f"{mine} -P")


def test_python3_is_what_is_left(stack: Path, tmp_path: Path) -> None:
    python(tmp_path / "project/bin/python3")
    assert started(stack) == f"{tmp_path}/project/bin/python3 -P -m hacienda.provider argument"


def test_terraform_starts_the_provider_with_the_python_that_synthesized(cloud: Cloud) -> None:
    """As on an operator's machine, where nothing has imported the provider before."""
    cloud.extra["HACIENDA_PYTHON"] = ""
    cloud.members = {"ctl-1": cloud.members["ctl-1"]}
    assert "1 to add, 0 to change, 0 to destroy" in cloud.plan().text


def test_terraform_takes_the_lock_as_it_is(declared: Cloud) -> None:
    assert (declared.stack / ".terraform.lock.hcl").read_text() == launcher.lock_entry()


def test_a_version_of_the_launcher_has_one_text() -> None:
    """Who commits the lock file of a stack holds Terraform to this hash for this version: another text is another version."""
    known = {"0.1.0": "h1:4qU95zPNufZug58RY2vlh5UgmYJnfBQuEbQ5cwosd7U="}
    assert f'"{known[launcher.VERSION]}"' in launcher.lock_entry(), (
        "give the changed launcher a new VERSION, and name both here"
    )


@pytest.mark.parametrize(
    "system, machine, name",
    [("Linux", "x86_64", "linux_amd64"), ("Darwin", "arm64", "darwin_arm64"), ("Plan9", "RISCV", "plan9_riscv")],
)
def test_platforms_are_named_as_terraform_names_them(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, name: str
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert launcher.running_platform() == name
