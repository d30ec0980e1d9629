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
    """A node's machine as its platform declares it."""
    return platform.machine(node, output.cloud.attached(node), output.first_boot(node))


class Machine(cdk.Construct):
    """One machine, which a platform makes or which already exists.

    Args:
        scope: parent construct; its stack gets the provider block.
        id: construct id. The platform decides the Terraform address, for example `hacienda_incus_instance.<name>`.
        output: the environment that it belongs to.
        name: name of the node that it becomes.
        platform: the platform.
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
    """Attributes of one of a machine's resources. They are read late, because user-data is complete only at synthesis."""
    return machine_handle(output, platform, output.cloud.node(name)).declarations[number].attributes()
