"""Attributes of a member besides its bundle: which node it is, and how it is reached."""

from __future__ import annotations

from typing import Any

from hacienda.cloud.model import Cloud, Node
from hacienda.platforms.base import MachineHandle


def reach(cloud: Cloud, node: Node, machine: MachineHandle, trust: str) -> dict[str, Any]:
    """Attributes of a member that say which node it is and how it is reached.

    Args:
        cloud: the environment.
        node: the node.
        machine: the machine that it runs on.
        trust: trust string, which says how its SSH host key is learnt.
    """
    return {
        "node": node.name,
        "machine": machine.machine_id,
        "host": machine.host,
        "port": cloud.ssh.port,
        "user": cloud.ssh.user,
        "jump": cloud.ssh.jump,
        "trust": trust,
    }
