"""What a platform is: it makes networks and machines, and says how the machines are reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hacienda.cloud.model import Network, Node
from hacienda.declare.resource import Declaration


@dataclass(frozen=True)
class FirstBoot:
    """What cloud-init is given on a machine's first boot.

    Args:
        user_data: cloud-config; None: not known here, a machine that exists keeps its own.
        network_config: cloud-init's network configuration, version 2.
    """

    user_data: str | None
    network_config: str


@dataclass(frozen=True)
class MachineHandle:
    """What the rest of the stack needs of a machine.

    Args:
        machine_id: changes when another machine takes its place: a constant, or a Terraform expression.
        host: address or host name for SSH.
        declarations: the resources that make it; none where it is already there.
    """

    machine_id: str
    host: str
    declarations: tuple[Declaration, ...] = ()


class Platform(Protocol):
    """Where machines come from. Platforms are plain data: they declare resources, constructs synthesize them."""

    @property
    def containers(self) -> bool:
        """Whether machines share the host's kernel: no clock, no modules of their own."""

    @property
    def replaces_for_first_boot(self) -> bool:
        """Whether another user-data or network-config makes a machine anew. False: it is for machines made from now on."""

    @property
    def trust(self) -> str:
        """How the machines' SSH host keys are learnt; the same text for all of them."""

    def settings(self) -> Mapping[str, Any]:
        """The platform as an environment file writes it."""

    def foundation(self) -> tuple[Declaration, ...]:
        """What all machines share beside their networks: images, key pairs. Machines find it by name."""

    def network(self, network: Network) -> tuple[Declaration, ...]:
        """One network; nothing where networks are already there. Machines find it by name."""

    def machine(self, node: Node, networks: Sequence[Network], first_boot: FirstBoot) -> MachineHandle:
        """One machine.

        Args:
            node: the node it becomes.
            networks: networks it is on, in the order of its network cards.
            first_boot: what cloud-init is given.
        """
