"""The guest's second archive has all that its SSH server and Tempest's tests need."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from hacienda.lab import guest as own
from tests.lab_host.test_guest import entries
from tests.tempest import guest


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Unpacked packages, with names in place of programs."""
    libraries = tmp_path / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    for name in (guest.LOADER, *guest.LIBRARIES):
        (libraries / name).write_text(name)
    (tmp_path / "usr/sbin").mkdir()
    (tmp_path / "usr/sbin/dropbear").write_text("dropbear")
    return tmp_path


def test_it_has_an_ssh_server_with_all_that_it_loads_and_no_key_of_its_own(packages: Path) -> None:
    found = entries(gzip.decompress(guest.archive(packages)))
    assert "root/.ssh" in found
    assert "root/.ssh/authorized_keys" not in found
    assert found["etc/passwd"][1].startswith(f"{guest.USER}:".encode())
    assert found["bin/dropbear"][1] == b"dropbear"
    assert {f"lib/{name}" for name in guest.LIBRARIES} <= set(found)


def test_nothing_of_hacienda_s_guest_is_replaced(packages: Path) -> None:
    added = entries(gzip.decompress(guest.archive(packages)))
    replaced = {"init", "bin/lease", "modules", *(f"bin/{name}" for name in own._applets())}
    assert not replaced & set(added)
    assert guest.START in added
