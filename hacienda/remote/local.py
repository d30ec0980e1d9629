"""Nodes that are folders on this machine: `HACIENDA_TRANSPORT=local:<folder>`, for rehearsals without machines.

A node is the folder `<folder>/<node>`. While the folder does not exist, the node does not answer. Scripts get the
folder in HACIENDA_ROOT, and use programs of `<folder>/bin` before those of the system.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from hacienda.remote.transport import Address, Completed, Transport, UnreachableError


def transport(argument: str, address: Address) -> Transport:
    """A node below the folder that HACIENDA_TRANSPORT names."""
    return LocalTransport(Path(argument), address.node)


class LocalTransport:
    """A node that is a folder."""

    def __init__(self, base: Path, node: str) -> None:
        self._base = base
        self._node = node

    @property
    def node(self) -> str:
        """The node's name."""
        return self._node

    def run(self, script: str, data: bytes = b"", timeout: float = 60.0) -> Completed:
        """Run a script in its own session, as over SSH: a signal to this process does not reach it."""
        root = self._base / self._node
        if not root.is_dir():
            raise UnreachableError(f"{self._node} does not answer", f"{root} does not exist")
        environment = {
            "HACIENDA_ROOT": str(root),
            "HACIENDA_NODE": self._node,
            "PATH": f"{self._base / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        }
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", script],
                input=data,
                capture_output=True,
                env=environment,
                timeout=timeout,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise UnreachableError(f"{self._node} did not answer within {timeout:.0f} s") from error
        return Completed(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def close(self) -> None:
        """There is no connection to forget."""
