"""`hacienda status`."""

from __future__ import annotations

from collections.abc import Callable

import typer
from rich.table import Table
from rich.text import Text

from hacienda.cli import console, project
from hacienda.cloud import Cloud
from hacienda.cloud.model import Node
from hacienda.errors import UnwellError
from hacienda.operate import status as health
from hacienda.remote import connections
from hacienda.remote.transport import Address, Transport


def status(env: project.Env, as_json: project.AsJson = False) -> None:
    """Ask the nodes themselves how they are: per service and node, what is wrong and what to do.

    Exit code 1 when anything is wrong.
    """
    cloud = project.read(env)
    with console.working(f"asking {len(cloud.nodes)} nodes"):
        found = examine(cloud)
    if as_json:
        console.show_json(health.document(found))
    else:
        show(cloud, found)
    if not found.well:
        raise typer.Exit(UnwellError.exit_code)


def examine(cloud: Cloud) -> health.Health:
    """Ask every node of a cloud over SSH.

    Raises:
        InputError: the store of secrets, which holds the key, cannot be used.
    """
    try:
        return health.examine(cloud, reach(cloud))
    finally:
        connections.close_all()


def reach(cloud: Cloud) -> Callable[[Node], Transport]:
    """How the machines of a cloud are reached: as the provider reaches them."""
    # Platforms bring the CDK with them, which takes half a second: only commands that talk to nodes pay for it.
    from hacienda.platforms import platform_of
    from hacienda.provider.member.secret_values import DeployerKey

    trust = platform_of(cloud.platform, project.from_root).trust
    key = DeployerKey()
    identity = key.path(str(project.store_of(cloud).spec))

    def connect(node: Node) -> Transport:
        return connections.connect(
            Address(
                node=node.name,
                host=node.ssh_host,
                trust=trust,
                port=cloud.ssh.port,
                user=cloud.ssh.user,
                identity_file=identity,
                jump=cloud.ssh.jump or "",
            )
        )

    return connect


def show(cloud: Cloud, found: health.Health) -> None:
    """The picture for people: a table of services by node, voter groups and virtual IPs, then what is wrong."""
    if len(cloud.nodes) <= MANY:
        console.out.print(_table(cloud, found))
    groups = [f"{group.service} {group.well}/{group.declared}" for group in found.groups]
    vips = [f"{address} on {', '.join(nodes) or 'no node'}" for address, nodes in found.holders.items()]
    console.show("; ".join([*groups, *vips]))
    for ailment in found.ailments:
        console.show(str(ailment))
    verdict = "is well" if found.well else f"is unwell: {len(found.ailments)} problems"
    console.out.print(Text(f"{cloud.name} {verdict}", style="green" if found.well else "red"))


MANY = 12
"""More nodes than this make no table; their problems are listed all the same."""


def _table(cloud: Cloud, found: health.Health) -> Table:
    table = Table("", *(answer.node for answer in found.answers), box=None, pad_edge=False, header_style="bold")
    for service in cloud.services:
        table.add_row(service.name, *(_cell(service.name, answer) for answer in found.answers))
    return table


def _cell(service: str, answer: health.Answer) -> Text:
    if answer.silence:
        return Text("failed" if answer.reached else "no answer", style="red")
    verdict = next((verdict for verdict in answer.verdicts if verdict.service == service), None)
    if verdict is None:
        return Text("-", style="dim")
    return Text(verdict.detail, style="green" if verdict.ok else "red", overflow="fold")
