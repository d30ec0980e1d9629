"""The OpenSSH client: the operator's own configuration, one multiplexed connection per node, no trust in unknown
hosts."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from hacienda import errors
from hacienda.remote import commandline, trust
from hacienda.remote.transport import Address, Completed, UnreachableError, UntrustedError

_FAILED = 255
"""Exit status of ssh itself (ssh(1)): the connection failed, not the command."""

_UNTRUSTED = "Host key verification failed."
"""Last line of ssh if the host key differs, or is not known."""

_PERSIST = 60
"""Seconds for which an idle connection stays open for the next command."""
_EXIT_SECONDS = 10.0
"""Seconds in which a connection must end on request."""

_PLACE = "/tmp"  # noqa: S108
"""Folder for sockets. A unix socket's path has at most 104 bytes on macOS, where the default folder alone has 50."""
_PREFIX = "hacienda-ssh-"

_folder_lock = threading.Lock()
_folders: list[Path] = []
_claims: list[int] = []
"""The descriptors that hold the folder's lock until this process ends."""


def folder() -> Path:
    """This process's folder for control sockets and known_hosts files: mode 0700, removed at exit."""
    with _folder_lock:
        if not _folders:
            _sweep()
            _folders.append(Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_PLACE)))
            _claims.append(_claimed(_folders[0]))
            atexit.register(cleanup)
        return _folders[0]


def _sweep() -> None:
    """Remove the folders of killed processes, because they may hold a key.

    A process of another PID namespace that shares the folder looks dead by its number. Its lock shows that it lives.
    """
    for path in Path(_PLACE).glob(f"{_PREFIX}*-*"):
        pid = path.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if pid.isdigit() and path.stat().st_uid == os.getuid() and not _alive(int(pid)):
                claim = _claimed(path)
                shutil.rmtree(path, ignore_errors=True)
                os.close(claim)


def _claimed(path: Path) -> int:
    """A descriptor that holds the folder's lock until it is closed, at the latest at the end of this process.

    Raises:
        OSError: another process holds the lock.
    """
    claim = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(claim)
        raise
    return claim


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def cleanup() -> None:
    """Remove the folder; idle connections end by themselves."""
    with _folder_lock:
        while _folders:
            shutil.rmtree(_folders.pop(), ignore_errors=True)
        while _claims:
            os.close(_claims.pop())


class SshTransport:
    """A node reached by `ssh`.

    Args:
        address: how it is reached.
        connect_timeout: seconds for the connection to come up.
    """

    def __init__(self, address: Address, connect_timeout: int = 10) -> None:
        self._address = address
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        self._options: dict[str, str] = {}

    @property
    def node(self) -> str:
        """The node's name."""
        return self._address.node

    def run(self, script: str, data: bytes = b"", timeout: float = 60.0) -> Completed:
        """Run a script as root on the node; see `Transport.run`."""
        shell = ["sh", "-c", script] if self._address.user == "root" else ["sudo", "-n", "sh", "-c", script]
        command = commandline.command(self._address, self._client(), shlex.join(shell), arguments=self._identity())
        try:
            done = subprocess.run(
                command,
                input=data,
                capture_output=True,
                timeout=timeout,
                start_new_session=True,  # Terraform decides about Ctrl-C
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            self.close()
            raise UnreachableError(f"{self.node} did not answer within {timeout:.0f} s") from error
        except FileNotFoundError as error:
            raise errors.ToolError("ssh is not installed", "Install the OpenSSH client.") from error
        complaint = done.stderr.decode(errors="replace").strip()
        if done.returncode == _FAILED:
            self.close()
            raise self._failure(complaint)
        return Completed(done.returncode, done.stdout, complaint)

    def _failure(self, complaint: str) -> UnreachableError:
        """The reason why the client failed. A host key from Incus may be outdated, if the machine was replaced; it is
        forgotten. The operator's file stays as it is."""
        scheme, _, file = self._address.trust.partition(":")
        if _UNTRUSTED in complaint and scheme == "known_hosts":
            return UntrustedError(
                f"{self.node} does not have the SSH host key that {file} has for {self._address.host}",
                f"{_UNTRUSTED} Nothing was sent to the machine. If it is the right one, write its key into that file.",
            )
        complaint = complaint or "ssh ended without a message"
        if self._address.jump:
            # The client discards the output of the jump host's client (ControlPersist).
            complaint += f"\n  The connection passes through {self._address.jump}, whose host key must be in your own known_hosts."
        return UnreachableError(f"{self.node} does not answer", complaint)

    def close(self) -> None:
        """Close the connection and forget the host key."""
        with self._lock:
            options, self._options = self._options, {}
        if options:
            command = commandline.command(self._address, options, arguments=["-O", "exit"])
            # A connection that ignores the request ends by itself after _PERSIST seconds.
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_EXIT_SECONDS, check=False
                )

    def _client(self) -> dict[str, str]:
        with self._lock:
            if not self._options:
                self._options = self._made()
            return self._options

    def _identity(self) -> list[str]:
        file = self._address.identity_file
        return ["-i", str(Path(file).resolve())] if file else []

    def _made(self) -> dict[str, str]:
        address = self._address
        try:
            known_hosts, alias = trust.known_hosts(address.trust, address.node, folder())
        except errors.ToolError as error:
            why = ". ".join(part for part in (error.message, error.fix) if part)
            raise UnreachableError(f"{self.node}: its host key is not available", why) from error
        name = hashlib.sha256(repr(address).encode()).hexdigest()[:16]
        options = {
            "UserKnownHostsFile": str(known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "ConnectTimeout": str(self._connect_timeout),
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "3",
            "ControlMaster": "auto",
            "ControlPath": str(folder() / name),
            "ControlPersist": str(_PERSIST),
        }
        if alias:
            options["HostKeyAlias"] = alias
        if address.identity_file:
            options["IdentitiesOnly"] = "yes"
        return options
