"""How the nodes of a cloud are reached from the operator's machine: as the provider reaches them."""

from __future__ import annotations

from collections.abc import Callable

from hacienda.cloud import Cloud
from hacienda.cloud.model import Node
from hacienda.operate import status
from hacienda.operate.project import Project
from hacienda.remote import connections
from hacienda.remote.transport import Address, Transport


def examine(project: Project, cloud: Cloud) -> status.Health:
    """Ask every node of a cloud over SSH how it is.

    Raises:
        InputError: the store of secrets, which holds the key, cannot be used.
    """
    try:
        return status.examine(cloud, transports(project, cloud))
    finally:
        connections.close_all()


def transports(project: Project, cloud: Cloud) -> Callable[[Node], Transport]:
    """A connection to each node. Nothing is sent yet."""
    where = addresses(project, cloud)
    return lambda node: connections.connect(where(node))


def addresses(project: Project, cloud: Cloud) -> Callable[[Node], Address]:
    """Where the nodes are reached, and as which user."""
    # Platforms bring the CDK with them, which takes half a second: only commands that talk to nodes pay for it.
    from hacienda.platforms import platform_of
    from hacienda.provider.member.secret_values import DeployerKey

    trust = platform_of(cloud.platform, project.from_root).trust
    key = DeployerKey()
    identity = key.path(str(project.store_of(cloud).spec))

    def address(node: Node) -> Address:
        return Address(
            node=node.name,
            host=node.ssh_host,
            trust=trust,
            port=cloud.ssh.port,
            user=cloud.ssh.user,
            identity_file=identity,
            jump=cloud.ssh.jump or "",
        )

    return address
