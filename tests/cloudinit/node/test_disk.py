"""Root writes where nobody else can lead it astray: real users, real links, a real race."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hacienda.cloudinit.node import disk, paths
from hacienda.cloudinit.node.failure import StepError

DAEMON = 65534
"""A user other than root: nobody."""

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder to another user needs root")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of its own, in which other users find their way: pytest keeps its folders to itself."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        root = Path(place) / "root"
        yield _furnished(root, monkeypatch)


def _furnished(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("etc/rabbitmq/tls", "etc/victim", "var/lib/rabbitmq", "var/lib/hacienda"):
        (root / folder).mkdir(parents=True)
    monkeypatch.setattr(paths, "ROOT", root)
    return root


def given_away(folder: Path) -> None:
    """As a package does."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, DAEMON, DAEMON)


@contextmanager
def swapping(folder: Path, victim: Path) -> Iterator[None]:
    """The daemon's user has a folder be a link to another one half of the time, as long as it may."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(DAEMON)
        os.setuid(DAEMON)
        away = folder.with_suffix(".away")
        while True:
            with contextlib.suppress(OSError):
                folder.rename(away)
            with contextlib.suppress(OSError):
                folder.symlink_to(victim)
            with contextlib.suppress(OSError):
                folder.unlink()
            with contextlib.suppress(OSError):
                away.rename(folder)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@AS_ROOT
def test_a_folder_that_a_package_gave_away_is_taken_back(machine: Path) -> None:
    given_away(machine / "etc/rabbitmq")
    (machine / "etc/rabbitmq").chmod(0o775)
    disk.write(machine / "etc/rabbitmq/tls/key.pem", b"key", 0o440, group="nogroup")
    status = (machine / "etc/rabbitmq").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (0, DAEMON, 0o755)
    assert (machine / "etc/rabbitmq/tls").stat().st_uid == 0


@AS_ROOT
def test_a_link_in_place_of_a_folder_is_not_followed(machine: Path) -> None:
    given_away(machine / "etc/rabbitmq")
    (machine / "etc/rabbitmq/tls").rmdir()
    (machine / "etc/rabbitmq/tls").symlink_to(machine / "etc/victim")
    os.chown(machine / "etc/rabbitmq/tls", DAEMON, DAEMON, follow_symlinks=False)
    disk.write(machine / "etc/rabbitmq/tls/key.pem", b"key", 0o440)
    assert not list((machine / "etc/victim").iterdir())
    assert (machine / "etc/rabbitmq/tls/key.pem").read_bytes() == b"key"
    assert not (machine / "etc/rabbitmq/tls").is_symlink()


@AS_ROOT
def test_who_races_root_for_a_folder_loses(machine: Path) -> None:
    """The daemon's user swaps the folder as fast as it can; as soon as the folder above is root's it can no more."""
    given_away(machine / "etc/rabbitmq")
    (machine / "etc/victim").chmod(0o755)
    with swapping(machine / "etc/rabbitmq/tls", machine / "etc/victim"):
        for number in range(200):
            os.chown(machine / "etc/rabbitmq", DAEMON, DAEMON)
            disk.write(machine / "etc/rabbitmq/tls" / f"{number}.pem", b"key", 0o440)
    assert not list((machine / "etc/victim").iterdir())


@AS_ROOT
def test_nothing_is_written_below_a_daemons_own_folder(machine: Path) -> None:
    given_away(machine / "var/lib/rabbitmq")
    with pytest.raises(StepError, match=r"others may write in .*/var/lib/rabbitmq, so root does not\|"):
        disk.write(machine / "var/lib/rabbitmq/state", b"x", 0o600)
    with pytest.raises(StepError, match="others may write"):
        disk.make_directory(machine / "var/lib/rabbitmq/tls", 0o750, "root", "root")
    assert not list((machine / "var/lib/rabbitmq").iterdir())


@AS_ROOT
def test_a_link_that_root_made_is_followed(machine: Path) -> None:
    (machine / "srv").mkdir()
    (machine / "etc/moved").symlink_to(machine / "srv")
    disk.write(machine / "etc/moved/file", b"x", 0o644)
    assert (machine / "srv/file").read_bytes() == b"x"
    given_away(machine / "srv")
    with pytest.raises(StepError, match=r"others may write in .*/srv,"):
        disk.write(machine / "etc/moved/file", b"y", 0o644)


def test_what_root_alone_writes_is_left_as_it_is(machine: Path) -> None:
    (machine / "etc/victim").chmod(0o700)
    disk.write(machine / "etc/victim/new/file", b"x", 0o644)
    assert (machine / "etc/victim").stat().st_mode & 0o777 == 0o700
    assert (machine / "etc/victim/new").stat().st_mode & 0o777 == 0o755
