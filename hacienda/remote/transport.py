"""The address of one node, and the transport that carries scripts to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hacienda import errors


class RemoteError(errors.ToolError):
    """A node answered, and the request failed."""


class UnreachableError(RemoteError):
    """A node did not answer, or the connection broke."""


class UntrustedError(UnreachableError):
    """The machine that answers has another host key than the operator's file. Waiting does not change that."""


@dataclass(frozen=True)
class Address:
    """The address of a node.

    Args:
        node: its name.
        host: IP address or host name.
        trust: trust string, the source of its host key; see `hacienda.remote.trust`.
        port: SSH port.
        user: SSH user. Any user but root needs `sudo -n`.
        identity_file: path of the private key; empty: the keys of the operator's SSH configuration and agent.
        jump: jump host in the format of `ssh -J`; empty: none.
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
    """A script that ended on the node: its exit status and output."""

    code: int
    output: bytes
    errors: str


class Transport(Protocol):
    """Carries POSIX shell scripts to one node. They run as root."""

    @property
    def node(self) -> str:
        """The node's name."""

    def run(self, script: str, data: bytes = b"", timeout: float = 60.0) -> Completed:
        """Run a script.

        Args:
            script: POSIX shell; visible in the node's process list, so never a secret.
            data: its standard input, the only way for secrets.
            timeout: seconds until this call stops waiting for it.

        Raises:
            UnreachableError: no answer, or the connection broke. The script may still be running.
        """

    def close(self) -> None:
        """Forget the connection and the host key, because the machine is a new one from now on."""
