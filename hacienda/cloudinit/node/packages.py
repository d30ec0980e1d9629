"""Debian packages: installs those that the image lacks, and prevents their daemons from starting."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hacienda.cloudinit.node import disk, paths
from hacienda.cloudinit.node.failure import StepError

_POLICY = paths.ROOT / "usr/sbin/policy-rc.d"
_POLICY_TEXT = b"#!/bin/sh\n# hacienda-apply installs packages: daemons start when their cluster says so.\nexit 101\n"

_APT = (
    "apt-get",
    "--yes",
    "--quiet",
    "--option=Acquire::Retries=2",
    "--option=Acquire::http::Timeout=20",
    "--option=DPkg::Lock::Timeout=120",
    "--option=Dpkg::Options::=--force-confdef",
    "--option=Dpkg::Options::=--force-confold",
)


def ensure(wanted: Iterable[str]) -> tuple[str, ...]:
    """Installs missing packages without starting their daemons; returns the missing ones.

    Raises:
        StepError: apt cannot install them.
    """
    missing = _missing(tuple(wanted))
    if missing:
        with _no_starts():
            _run((*_APT, "update"))
            _run((*_APT, "--no-install-recommends", "install", *missing))
    elif _is_ours():
        _POLICY.unlink()
    return missing


def _missing(wanted: tuple[str, ...]) -> tuple[str, ...]:
    if not wanted:
        return ()
    command = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    present = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return tuple(name for name in wanted if name not in present)


@contextmanager
def _no_starts() -> Iterator[None]:
    """invoke-rc.d runs policy-rc.d, and exit code 101 forbids a start. An existing policy stays."""
    if not _POLICY.exists():
        disk.write(_POLICY, _POLICY_TEXT, 0o755)
    try:
        yield
    finally:
        if _is_ours():
            _POLICY.unlink()


def _is_ours() -> bool:
    return _POLICY.is_file() and _POLICY.read_bytes() == _POLICY_TEXT


def _run(command: tuple[str, ...]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    answer = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        said = [line for line in (answer.stdout + answer.stderr).splitlines() if line.startswith("E:")]
        raise StepError(f"{command[0]} {command[-1]}: {' '.join(said) or f'exit code {answer.returncode}'}")
