"""Programs that a test runs and a bare machine may lack. Such a test is skipped there; CI accepts no such skip."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

import pytest

PACKAGES = {"ip": "iproute2", "jq": "jq", "nft": "nftables", "ssh": "openssh-client"}
"""Debian's and Ubuntu's packages."""


def path(name: str) -> str | None:
    """Where a program is; administrators' folders count for everybody."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def lacking(names: Iterable[str]) -> list[str]:
    """Those of these programs that this machine does not have."""
    return [name for name in names if path(name) is None]


def reason(names: Iterable[str]) -> str:
    """Why a test that needs these is skipped."""
    names = sorted(names)
    return f"needs {' and '.join(names)}: apt-get install {' '.join(PACKAGES[name] for name in names)}"


def needed(*names: str) -> None:
    """Skip the running test where this machine lacks one of these programs."""
    if missing := lacking(names):
        pytest.skip(reason(missing))
