"""`Gate`: an apply ends here when everything up to here is healthy, and fails here when it is not."""

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
    """`hacienda_gate`; its attributes are described in the provider's schema (docs/provider.md)."""

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
    """What makes it wait again: another bundle, and every delivery, such as to a machine made anew with the same bundle."""
    found: dict[str, str] = {}
    for node in nodes:
        found[node.name] = output.nodes[node.name].bundle_hash
        found[f"{node.name} installed"] = Reference(f"${{{MemberResource.terraform_type}.{node.name}.installed}}")
    return found


class Gate(cdk.Construct):
    """Waits until the services of its nodes are healthy, and says what is not, on which node.

    Args:
        scope: where it hangs; its stack gets the provider block.
        id: construct id, and the Terraform address: `hacienda_gate.<id>`.
        output: the environment it belongs to.
        platform: where the machines are.
        names: the nodes it waits for.
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
