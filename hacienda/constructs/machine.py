"""`Machine`: one machine on a platform."""

from __future__ import annotations

import functools
from typing import Any

from hacienda import cdk
from hacienda.cloud.model import Node
from hacienda.constructs.output import EnvironmentOutput
from hacienda.constructs.provider import ensure_provider
from hacienda.platforms.base import MachineHandle, Platform


def machine_handle(output: EnvironmentOutput, platform: Platform, node: Node) -> MachineHandle:
    """A node's machine on a platform: what the platform declares, given the node's networks and first boot."""
    return platform.machine(node, output.cloud.attached(node), output.first_boot(node))


class Machine(cdk.Construct):
    """One machine: made on a platform, or already there.

    Args:
        scope: where it hangs; its stack gets the provider block.
        id: construct id. The Terraform address is the platform's, `hacienda_incus_instance.<name>` for one.
        output: the environment it belongs to.
        name: the node that it becomes.
        platform: where it is made.
    """

    def __init__(
        self, scope: cdk.Construct, id: str, *, output: EnvironmentOutput, name: str, platform: Platform
    ) -> None:
        super().__init__(scope, id)
        ensure_provider(self, output.places)
        self.platform = platform
        self.handle = machine_handle(output, platform, output.cloud.node(name))
        for number, declaration in enumerate(self.handle.declarations):
            attributes = functools.partial(_attributes, output, platform, name, number)
            cdk.Resource(self, declaration.terraform_type, declaration=declaration, attributes=attributes)


def _attributes(output: EnvironmentOutput, platform: Platform, name: str, number: int) -> dict[str, Any]:
    """Attributes of one of a machine's resources: its first boot is complete only when the app is synthesized."""
    return machine_handle(output, platform, output.cloud.node(name)).declarations[number].attributes()
