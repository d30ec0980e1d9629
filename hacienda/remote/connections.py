"""The transports of this process: one per address, so that connections are shared."""

from __future__ import annotations

import threading

from hacienda.remote import local, ssh
from hacienda.remote.transport import Address, Transport

_lock = threading.Lock()
_transports: dict[Address, ssh.SshTransport] = {}


def connect(address: Address) -> Transport:
    """The transport to a node. Nothing is sent yet."""
    base = local.folder()
    if base is not None:
        return local.LocalTransport(base, address.node)
    with _lock:
        return _transports.setdefault(address, ssh.SshTransport(address))


def close_all() -> None:
    """End every connection of this process."""
    with _lock:
        transports = list(_transports.values())
        _transports.clear()
    for transport in transports:
        transport.close()
    ssh.cleanup()
