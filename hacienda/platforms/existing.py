"""Machines that are already there: nothing is made, they are reached over SSH."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hacienda.cloud.model import Network, Node
from hacienda.declare.resource import Declaration
from hacienda.platforms.base import FirstBoot, MachineHandle


@dataclass(frozen=True)
class Existing:
    """The platform `existing`.

    Args:
        known_hosts: file with the machines' SSH host keys, as OpenSSH reads it. `~` is the operator's home, which is why it
            is expanded where Terraform runs and not here.
        containers: they share their host's kernel.
    """

    known_hosts: str = "~/.ssh/known_hosts"
    containers: bool = False
    replaces_for_first_boot: bool = False

    @property
    def trust(self) -> str:
        """Host keys are in the operator's file."""
        return f"known_hosts:{self.known_hosts}"

    def settings(self) -> Mapping[str, Any]:
        """As an environment file writes it."""
        return {"type": "existing", "known_hosts": self.known_hosts, "containers": self.containers}

    def foundation(self) -> tuple[Declaration, ...]:
        """Nothing."""
        return ()

    def network(self, network: Network) -> tuple[Declaration, ...]:
        """Nothing: the operator's switches have it."""
        return ()

    def machine(self, node: Node, networks: Sequence[Network], first_boot: FirstBoot) -> MachineHandle:
        """The machine that answers at the node's SSH host. Its id is the node's name: who replaces the hardware behind it says
        so with `terraform apply -replace`."""
        return MachineHandle(machine_id=node.name, host=node.ssh_host)
