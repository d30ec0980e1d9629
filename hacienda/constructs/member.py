"""`Member`: one node's configuration as a construct."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from hacienda import cdk
from hacienda.cloud.model import Cloud, Node
from hacienda.constructs.machine import Machine
from hacienda.constructs.output import EnvironmentOutput
from hacienda.constructs.provider import ensure_provider
from hacienda.declare.resource import Declaration
from hacienda.declare.resource_types import MEMBER
from hacienda.platforms.base import MachineHandle
from hacienda.platforms.member import reach


@dataclass(frozen=True, kw_only=True)
class MemberResource(Declaration):
    """`hacienda_member`. The provider's schema describes its attributes (docs/provider.md)."""

    terraform_type: ClassVar[str] = MEMBER

    node: str
    machine: str
    host: str
    port: int
    user: str
    jump: str | None
    trust: str
    bundle: str
    bundle_hash: str
    files: Mapping[str, str]
    secrets: Mapping[str, str] | None
    secret_store: str
    voters: Mapping[str, int]
    peers: Mapping[str, Mapping[str, Any]]
    redundancy: Mapping[str, Mapping[str, Any]] | None
    keepers: Mapping[str, Mapping[str, Any]] | None


def member_resource(output: EnvironmentOutput, node: Node, machine: MachineHandle, trust: str) -> MemberResource:
    """The declaration of one node's member.

    Args:
        output: the environment.
        node: the node.
        machine: the machine that it runs on.
        trust: trust string, which says how its SSH host key is learnt.
    """
    cloud, own = output.cloud, output.nodes[node.name]
    return MemberResource(
        logical_id=node.name,
        **reach(cloud, node, machine, trust),
        bundle=output.bundle(node),
        bundle_hash=own.bundle_hash,
        files=own.file_hashes,
        secrets=None if output.digests is None else output.digests[node.name],
        secret_store=output.store,
        voters=cloud.voters(node),
        peers={peer.name: _peer(cloud, peer) for peer in cloud.fellow_voters(node)},
        redundancy={group: dataclasses.asdict(share) for group, share in cloud.shares(node).items()} or None,
        keepers={
            name: {"host": cloud.node(name).ssh_host, "port": cloud.ssh.port, "services": list(services)}
            for name, services in cloud.keepers(node).items()
        }
        or None,
    )


def _peer(cloud: Cloud, peer: Node) -> dict[str, Any]:
    """How a fellow voter is reached: at its own address, because a member that leaves has only the state."""
    return {"host": peer.ssh_host, "port": cloud.ssh.port, "voters": cloud.voters(peer)}


class Member(cdk.Construct):
    """One node's configuration. It is sent over SSH, installed, and checked for drift.

    Args:
        scope: parent construct; its stack gets the provider block.
        id: construct id. The Terraform address is `hacienda_member.<node>`.
        output: the environment that it belongs to.
        name: the node's name.
        machine: the machine that it runs on.
    """

    def __init__(
        self, scope: cdk.Construct, id: str, *, output: EnvironmentOutput, name: str, machine: Machine
    ) -> None:
        super().__init__(scope, id)
        ensure_provider(self, output.places)
        node = output.cloud.node(name)

        def declared() -> MemberResource:
            return member_resource(output, node, machine.handle, machine.platform.trust)

        self.declaration = declared()
        cdk.Resource(self, "member", declaration=self.declaration, attributes=lambda: declared().attributes())
