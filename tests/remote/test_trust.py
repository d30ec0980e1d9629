"""Trust strings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda import errors
from hacienda.remote import incus, trust
from tests.provider.fake_incus import Daemon, serving


@pytest.fixture
def socket() -> Iterator[tuple[str, Daemon]]:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "incus.socket") as daemon:
        yield f"{folder}/incus.socket", daemon


def test_the_two_forms() -> None:
    assert trust.parse("known_hosts:/etc/ssh/known") == trust.FileTrust("/etc/ssh/known")
    assert trust.parse("incus:/run/s?project=hacienda-lab") == trust.IncusTrust("/run/s", "hacienda-lab")
    assert trust.parse("incus:/run/s") == trust.IncusTrust("/run/s", "default")


@pytest.mark.parametrize("text", ["", "incus:", "known_hosts", "anything:goes", "tofu:yes"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(errors.InputError, match="is not a trust string"):
        trust.parse(text)


@pytest.mark.parametrize(
    ("text", "proves"),
    [("incus:/run/unix.socket?project=lab", True), ("known_hosts:/etc/hosts", False), ("None", False)],
)
def test_only_the_platform_knows_a_machine_by_its_name(text: str, proves: bool) -> None:
    assert trust.proves(text) is proves


def test_a_key_is_read_out_of_the_instance(socket: tuple[str, Daemon], tmp_path: Path) -> None:
    path, daemon = socket
    daemon.instances["ctl-1"] = {"files": b"ssh-ed25519 AAAAC3Nza root@image\n"}
    file, alias = trust.known_hosts(f"incus:{path}?project=p", "ctl-1", tmp_path)
    assert alias == "ctl-1"
    assert file.read_text() == "ctl-1 ssh-ed25519 AAAAC3Nza\n"


def test_a_machine_that_has_no_key_yet(socket: tuple[str, Daemon]) -> None:
    path, daemon = socket
    daemon.instances["ctl-1"] = {}
    with pytest.raises(errors.ToolError, match="ctl-1 has no SSH host key yet"):
        trust.host_key_lines(trust.IncusTrust(path, "p"), "ctl-1")


def test_a_machine_that_is_not_there(socket: tuple[str, Daemon]) -> None:
    path, _ = socket
    with pytest.raises(incus.IncusError, match="Instance not found"):
        trust.host_key_lines(trust.IncusTrust(path, "p"), "ctl-1")


def test_the_operators_file_is_taken_as_it_is(tmp_path: Path) -> None:
    assert trust.known_hosts(f"known_hosts:{tmp_path}/known", "ctl-1", tmp_path) == (tmp_path / "known", "")
    assert list(tmp_path.iterdir()) == []


def test_an_operation_that_fails_is_an_error(socket: tuple[str, Daemon]) -> None:
    path, daemon = socket
    daemon.outcome = {"status_code": 400, "err": "no space left"}
    daemon.instances["ctl-1"] = {"status": "Stopped"}
    with pytest.raises(incus.IncusError, match="no space left"):
        incus.Incus(path).change("PUT", "/1.0/instances/ctl-1/state", {"action": "start"})
