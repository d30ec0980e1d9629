"""Existing machines. The platform makes nothing; Hacienda reaches the machines over SSH."""

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
        known_hosts: OpenSSH file with the machines' SSH host keys. `~` is the operator's home folder, so it is expanded where
            Terraform runs and not here.
        containers: True: the machines share their host's kernel.
    """

    known_hosts: str = "~/.ssh/known_hosts"
    containers: bool = False
    replaces_for_first_boot: bool = False

    @property
    def trust(self) -> str:
        """The trust string for the operator's known_hosts file."""
        return f"known_hosts:{self.known_hosts}"

    def settings(self) -> Mapping[str, Any]:
        """The settings, as in an environment file."""
        return {"type": "existing", "known_hosts": self.known_hosts, "containers": self.containers}

    def foundation(self) -> tuple[Declaration, ...]:
        """No resources."""
        return ()

    def network(self, network: Network) -> tuple[Declaration, ...]:
        """No resources: the operator's switches provide networks."""
        return ()

    def machine(self, node: Node, networks: Sequence[Network], first_boot: FirstBoot) -> MachineHandle:
        """The machine that answers at the node's SSH host.

        Its id is the node's name. After the hardware was replaced, the operator runs `terraform apply -replace`.
        """
        return MachineHandle(machine_id=node.name, host=node.ssh_host)
