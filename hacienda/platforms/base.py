"""The interface of platforms. A platform makes networks and machines, and says how to reach the machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hacienda.cloud.model import Network, Node
from hacienda.declare.resource import Declaration


@dataclass(frozen=True)
class FirstBoot:
    """The input of cloud-init on a machine's first boot.

    Args:
        user_data: cloud-config; None: not known here, and an existing machine keeps its own.
        network_config: cloud-init's network configuration, version 2.
    """

    user_data: str | None
    network_config: str


@dataclass(frozen=True)
class MachineHandle:
    """What the rest of the stack needs to know about a machine.

    Args:
        machine_id: a constant, or a Terraform expression that changes when another machine takes its place.
        host: address or host name for SSH.
        declarations: the resources that make it; empty for an existing machine.
    """

    machine_id: str
    host: str
    declarations: tuple[Declaration, ...] = ()


class Platform(Protocol):
    """A source of machines. Platforms are plain data: they declare resources, and constructs synthesize them."""

    @property
    def containers(self) -> bool:
        """Whether machines share the host's kernel, without their own clock and kernel modules."""

    @property
    def replaces_for_first_boot(self) -> bool:
        """Whether a change of user-data or network-config replaces a machine. False: it takes effect on new machines only."""

    @property
    def trust(self) -> str:
        """The trust string, which says how the SSH host keys of all machines are learnt."""

    def settings(self) -> Mapping[str, Any]:
        """The platform's settings, as in an environment file."""

    def foundation(self) -> tuple[Declaration, ...]:
        """Resources that all machines share besides their networks, for example images. Machines find them by name."""

    def network(self, network: Network) -> tuple[Declaration, ...]:
        """Resources of one network; empty if the platform makes no networks. Machines find it by name."""

    def machine(self, node: Node, networks: Sequence[Network], first_boot: FirstBoot) -> MachineHandle:
        """One machine.

        Args:
            node: the node it becomes.
            networks: its networks, in the order of its network cards.
            first_boot: the input of cloud-init.
        """
