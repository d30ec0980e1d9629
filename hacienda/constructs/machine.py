"""`Machine`: one machine on a platform."""

from __future__ import annotations

from hacienda import cdk
from hacienda.cloud.model import Node
from hacienda.constructs.content import Content
from hacienda.constructs.provider import ensure_provider
from hacienda.platforms.base import MachineHandle, Platform


def machine_handle(content: Content, platform: Platform, node: Node) -> MachineHandle:
    """A node's machine on a platform: what the platform declares, given the node's networks and first boot."""
    return platform.machine(node, content.cloud.attached(node), content.first_boot(node))


class Machine(cdk.Construct):
    """One machine: made on a platform, or already there.

    Args:
        scope: where it hangs; its stack gets the provider block.
        id: construct id. The Terraform address is the platform's, `hacienda_incus_instance.<name>` for one.
        content: the environment it belongs to.
        name: the node that it becomes.
        platform: where it is made.
    """

    def __init__(self, scope: cdk.Construct, id: str, *, content: Content, name: str, platform: Platform) -> None:
        super().__init__(scope, id)
        ensure_provider(self, content.places)
        self.platform = platform
        self.handle = machine_handle(content, platform, content.cloud.node(name))
        for declaration in self.handle.declarations:
            cdk.Resource(self, declaration.terraform_type, declaration=declaration)
