"""`Gate`: an apply waits here until all nodes so far are healthy, and fails if they do not become healthy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hacienda import cdk
from hacienda.cloud.model import Node
from hacienda.constructs.member import MemberResource
from hacienda.constructs.output import EnvironmentOutput
from hacienda.constructs.provider import ensure_provider
from hacienda.declare import resource_types
from hacienda.declare.resource import Declaration, Reference
from hacienda.platforms.base import Platform


@dataclass(frozen=True, kw_only=True)
class GateResource(Declaration):
    """`hacienda_gate`. The provider's schema describes its attributes (docs/provider.md)."""

    terraform_type: ClassVar[str] = resource_types.GATE

    name: str
    user: str
    jump: str | None
    trust: str
    secret_store: str
    members: Mapping[str, Mapping[str, Any]]
    services: Sequence[str]
    triggers: Mapping[str, str]


def _triggers(output: EnvironmentOutput, nodes: Iterable[Node]) -> dict[str, str]:
    """What makes the gate wait again: another bundle, or any installation, for example on a replaced machine."""
    found: dict[str, str] = {}
    for node in nodes:
        found[node.name] = output.nodes[node.name].bundle_hash
        found[f"{node.name} installed"] = Reference(f"${{{MemberResource.terraform_type}.{node.name}.installed}}")
    return found


class Gate(cdk.Construct):
    """Waits until the services of its nodes are healthy. If they are not, it names the services and nodes.

    Args:
        scope: parent construct; its stack gets the provider block.
        id: construct id. The Terraform address is `hacienda_gate.<id>`.
        output: the environment that it belongs to.
        platform: platform of the machines.
        names: names of the nodes that it waits for.
        depends_on: addresses of their members.
    """

    def __init__(
        self,
        scope: cdk.Construct,
        id: str,
        *,
        output: EnvironmentOutput,
        platform: Platform,
        names: Iterable[str],
        depends_on: Iterable[str],
    ) -> None:
        super().__init__(scope, id)
        ensure_provider(self, output.places)
        cloud = output.cloud
        nodes = [cloud.node(name) for name in names]
        self.declaration = GateResource(
            logical_id=id,
            depends_on=tuple(depends_on),
            name=id,
            user=cloud.ssh.user,
            jump=cloud.ssh.jump,
            trust=platform.trust,
            secret_store=output.store,
            members={node.name: {"host": node.ssh_host, "port": cloud.ssh.port} for node in nodes},
            services=sorted({service for node in nodes for service in node.services}),
            triggers=_triggers(output, nodes),
        )
        cdk.Resource(self, "gate", declaration=self.declaration)
