"""`MachineGroup`: many machines and their members, as fast as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from hacienda import cdk
from hacienda.constructs.content import Content
from hacienda.constructs.machine import machine_handle
from hacienda.constructs.member import member_resource
from hacienda.constructs.provider import ensure_provider
from hacienda.declare.resource import Declaration
from hacienda.platforms.base import Platform


class MachineGroup(cdk.Construct):
    """Machines with their configuration. It synthesizes what a `Machine` and a `Member` for each of them would, in one element:
    a thousand machines take one second, not ten.

    Args:
        scope: where it hangs; its stack gets the provider block.
        id: construct id; it is no part of any Terraform address.
        content: the environment they belong to.
        platform: where the machines are made.
        names: the nodes.
        depends_on: addresses in the same stack that come before the machines. Default: none.
    """

    def __init__(
        self,
        scope: cdk.Construct,
        id: str,
        *,
        content: Content,
        platform: Platform,
        names: Iterable[str],
        depends_on: Iterable[str] = (),
    ) -> None:
        super().__init__(scope, id)
        ensure_provider(self, content.places)
        self.names = tuple(names)
        declarations: list[Declaration] = []
        members: list[str] = []
        before = tuple(depends_on)
        for name in self.names:
            node = content.cloud.node(name)
            handle = machine_handle(content, platform, node)
            member = member_resource(content, node, handle, platform.trust)
            # A machine that is made waits; one that is already there has nobody but its member to wait.
            first = handle.declarations or (member,)
            waiting = [dataclasses.replace(declaration, depends_on=before) for declaration in first]
            declarations += waiting if first == (member,) else [*waiting, member]
            members.append(member.terraform_address)
        self.members = tuple(members)
        cdk.ResourceGroup(self, "machines", declarations=declarations)
