"""System containers on one machine, over Incus' REST API: the lab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from hacienda.cdk import Declaration
from hacienda.cloud.model import Network, Node
from hacienda.platforms.base import FirstBoot, MachineHandle


@dataclass(frozen=True, kw_only=True)
class NetworkResource(Declaration):
    """`hacienda_incus_network`: a bridge with the gateway's address."""

    terraform_type: ClassVar[str] = "hacienda_incus_network"

    socket: str
    project: str
    name: str
    address: str
    mtu: int


@dataclass(frozen=True, kw_only=True)
class InstanceResource(Declaration):
    """`hacienda_incus_instance`: a system container."""

    terraform_type: ClassVar[str] = "hacienda_incus_instance"

    socket: str
    project: str
    pool: str
    name: str
    image: str
    networks: Sequence[Mapping[str, str]]
    user_data: str
    network_config: str
    cpus: int | None
    memory: int | None


@dataclass(frozen=True)
class Incus:
    """The platform `incus`.

    Args:
        project: Incus project.
        socket: unix socket of the daemon. Default: the one that `make lab` starts.
        image: alias of the image. Default: the one that `hacienda lab image` builds.
        pool: storage pool.
    """

    project: str
    socket: str = "/var/lib/hacienda-lab/unix.socket"
    image: str = "hacienda-debian-13"
    pool: str = "hacienda"
    containers: bool = True

    @property
    def trust(self) -> str:
        """Host keys are read out of the instances."""
        return f"incus:{self.socket}?project={quote(self.project, safe='')}"

    def settings(self) -> Mapping[str, Any]:
        """As an environment file writes it."""
        return {"type": "incus", "socket": self.socket, "image": self.image, "pool": self.pool, "project": self.project}

    def foundation(self) -> tuple[Declaration, ...]:
        """Nothing: the image is shared by all environments of the machine, `hacienda lab image` builds it."""
        return ()

    def network(self, network: Network) -> tuple[Declaration, ...]:
        """A bridge; the machine itself has the gateway's address."""
        return (
            NetworkResource(
                logical_id=network.name,
                socket=self.socket,
                project=self.project,
                name=network.name,
                address=f"{network.gateway}/{network.cidr.prefixlen}",
                mtu=network.mtu,
            ),
        )

    def machine(self, node: Node, networks: Sequence[Network], first_boot: FirstBoot) -> MachineHandle:
        """A container."""
        instance = InstanceResource(
            logical_id=node.name,
            socket=self.socket,
            project=self.project,
            pool=self.pool,
            name=node.name,
            image=self.image,
            networks=[],
            user_data=first_boot.user_data,
            network_config=first_boot.network_config,
            cpus=node.cpus,
            memory=node.memory,
        )
        return MachineHandle(instance.reference("id"), node.ssh_host, (instance,))
