"""The transports of this process: one for each address, so that requests share connections."""

from __future__ import annotations

import importlib
import os
import threading

from hacienda.remote import ssh
from hacienda.remote.transport import Address, Transport

VARIABLE = "HACIENDA_TRANSPORT"
"""Environment variable for rehearsals without SSH: `<module>:<argument>`, whose `transport(argument, address)` is used."""
_SHORT = {"local": "hacienda.remote.local"}

_lock = threading.Lock()
_transports: dict[Address, ssh.SshTransport] = {}


def connect(address: Address) -> Transport:
    """The transport to a node. It sends nothing yet."""
    instead, _, argument = os.environ.get(VARIABLE, "").partition(":")
    if instead:
        module = importlib.import_module(_SHORT.get(instead, instead))
        transport: Transport = module.transport(argument, address)
        return transport
    with _lock:
        return _transports.setdefault(address, ssh.SshTransport(address))


def close_all() -> None:
    """Close every connection of this process."""
    with _lock:
        transports = list(_transports.values())
        _transports.clear()
    for transport in transports:
        transport.close()
    ssh.cleanup()
