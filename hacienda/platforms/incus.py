"""System containers on one machine, made over the REST API of Incus. The lab uses them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from hacienda.cloud.model import Network, Node
from hacienda.cloud.platform import SYSTEM_DISK
from hacienda.declare import resource_types
from hacienda.declare.resource import Declaration
from hacienda.platforms.base import FirstBoot, MachineHandle

_INTERFACE = 15
"""Characters that Linux allows in the name of a network interface."""


@dataclass(frozen=True, kw_only=True)
class InIncus(Declaration):
    """Attributes that every Incus resource has: the daemon's unix socket and the project."""

    socket: str
    project: str


@dataclass(frozen=True, kw_only=True)
class ImageResource(InIncus):
    """`hacienda_incus_image`: the image with an alias. It must exist before any machine."""

    terraform_type: ClassVar[str] = resource_types.IMAGE

    alias: str


@dataclass(frozen=True, kw_only=True)
class NetworkResource(InIncus):
    """`hacienda_incus_network`: a bridge. `address` is the host's address on it."""

    terraform_type: ClassVar[str] = resource_types.NETWORK

    name: str
    address: str | None
    mtu: int


@dataclass(frozen=True, kw_only=True)
class InstanceResource(InIncus):
    """`hacienda_incus_instance`: a system container. `networks` is network card -> bridge."""

    terraform_type: ClassVar[str] = resource_types.INSTANCE

    pool: str
    name: str
    image: str
    user_data: str | None
    network_config: str
    networks: Mapping[str, str]
    cpus: int | None
    memory: int | None
    size: int | None
    config: Mapping[str, str] | None
    devices: Mapping[str, Mapping[str, str]] | None


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
    replaces_for_first_boot: bool = False

    @property
    def trust(self) -> str:
        """The trust string for host keys that are read from the instances."""
        return f"incus:{self.socket}?project={quote(self.project, safe='')}"

    def settings(self) -> Mapping[str, Any]:
        """The settings, as in an environment file."""
        return {
            "type": "incus",
            "socket": self.socket,
            "image": self.image,
            "pool": self.pool,
            "project": self.project,
        }

    def foundation(self) -> tuple[Declaration, ...]:
        """The image, so that a missing image is reported before any machine is made."""
        return (ImageResource(logical_id="machine", socket=self.socket, project=self.project, alias=self.image),)

    def network(self, network: Network) -> tuple[Declaration, ...]:
        """A bridge. The machine that runs Incus has the gateway's address on it."""
        return (
            NetworkResource(
                logical_id=network.name,
                socket=self.socket,
                project=self.project,
                name=self.bridge(network.name),
                address=f"{network.gateway}/{network.cidr.prefixlen}" if network.gateway else None,
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
            user_data=first_boot.user_data,
            network_config=first_boot.network_config,
            networks=self._cards(networks),
            cpus=node.cpus,
            memory=node.memory,
            size=node.disks.get(SYSTEM_DISK),
            config={"security.nesting": "true"} if node.nesting else None,
            devices={_device(path): _character_device(path) for path in node.devices} or None,
        )
        return MachineHandle(instance.reference("id"), node.ssh_host, (instance,))

    def bridge(self, network: str) -> str:
        """Name of a network's bridge. It contains the project's name, because all projects share the host's interfaces."""
        whole = f"{self.project.removeprefix('hacienda-')}-{network}"
        if len(whole) <= _INTERFACE:
            return whole
        digest = hashlib.sha256(whole.encode()).hexdigest()[:5]
        return f"{whole[: _INTERFACE - 6].rstrip('-')}-{digest}"

    def _cards(self, networks: Sequence[Network]) -> dict[str, str]:
        """Network card -> bridge, numbered as in cloud-init's network configuration: eth0, eth1, ..."""
        return {f"eth{number}": self.bridge(network.name) for number, network in enumerate(networks)}


def _device(path: str) -> str:
    """Name of a device in Incus: `net-tun`."""
    return path.removeprefix("/dev/").replace("/", "-")


def _character_device(path: str) -> dict[str, str]:
    """A device file of the host. Every user may open it, because users of the container are others on the host."""
    return {"type": "unix-char", "source": path, "path": path, "mode": "0666"}
