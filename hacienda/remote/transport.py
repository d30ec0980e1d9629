"""How one node is reached, and what carries a script to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hacienda import errors


class RemoteError(errors.ToolError):
    """A node was reached, and what we asked of it failed."""


class UnreachableError(RemoteError):
    """A node did not answer, or the connection was lost."""


class UntrustedError(UnreachableError):
    """What answers is not known by the host key that the operator's file has: no waiting changes that."""


@dataclass(frozen=True)
class Address:
    """How a node is reached.

    Args:
        node: its name.
        host: IP address or host name.
        trust: trust string, how its host key is learnt; see `hacienda.remote.trust`.
        port: SSH port.
        user: anyone but root must be allowed `sudo -n`.
        identity_file: path of the private key; empty: what the operator's SSH configuration and agent offer.
        jump: jump host as `ssh -J` takes it; empty: none.
    """

    node: str
    host: str
    trust: str
    port: int = 22
    user: str = "root"
    identity_file: str = ""
    jump: str = ""


@dataclass(frozen=True)
class Completed:
    """A script that ended on the node: its exit status and what it wrote."""

    code: int
    output: bytes
    errors: str


class Transport(Protocol):
    """Carries POSIX shell scripts to one node; they run as root."""

    @property
    def node(self) -> str:
        """The node's name."""

    def run(self, script: str, data: bytes = b"", timeout: float = 60.0) -> Completed:
        """Run a script.

        Args:
            script: POSIX shell; visible in the node's process list, so never a secret.
            data: its standard input; where secrets travel.
            timeout: seconds until we stop waiting for it.

        Raises:
            UnreachableError: no answer, or the connection was lost; the script may be running still.
        """

    def close(self) -> None:
        """Forget the connection and the host key: the machine is another one from now on."""
