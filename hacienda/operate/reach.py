"""Reaches the nodes of a cloud from the operator's machine, in the same way as the provider."""

from __future__ import annotations

from collections.abc import Callable

from hacienda.cloud import Cloud
from hacienda.cloud.model import Node
from hacienda.operate import status
from hacienda.operate.project import Project
from hacienda.remote import connections
from hacienda.remote.transport import Address, Transport


def examine(project: Project, cloud: Cloud) -> status.Health:
    """Ask every node of a cloud over SSH for its health.

    Raises:
        InputError: the store of secrets, which holds the key, cannot be used.
    """
    try:
        return status.examine(cloud, transports(project, cloud))
    finally:
        connections.close_all()


def transports(project: Project, cloud: Cloud) -> Callable[[Node], Transport]:
    """Connections to the nodes. Nothing is sent yet."""
    where = addresses(project, cloud)
    return lambda node: connections.connect(where(node))


def addresses(project: Project, cloud: Cloud) -> Callable[[Node], Address]:
    """SSH addresses and users of the nodes."""
    # Platforms import the CDK, which takes half a second, so only commands that connect to nodes import them.
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
