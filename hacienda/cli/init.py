"""`hacienda init`."""

from __future__ import annotations

import os
import tempfile
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal

import typer

from hacienda import cloud, services
from hacienda.cli import console, project
from hacienda.errors import InputError, ToolError

VIP_OFFSET = 10
"""The virtual IP of a new file: the network's tenth address, as in environments/lab.yaml."""


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the environment: letters, digits, dashes.")],
    platform: Annotated[
        Literal["incus", "existing"], typer.Option(metavar="TYPE", help="Where the machines are: incus or existing.")
    ] = "incus",
    controllers: Annotated[
        int, typer.Option(metavar="N", min=1, help="Controllers; a majority of them must live.")
    ] = 3,
    computes: Annotated[int, typer.Option(metavar="N", min=0, help="Compute machines.")] = 0,
    cidr: Annotated[str, typer.Option(help="The management network.")] = "10.78.0.0/24",
    domain: Annotated[str | None, typer.Option(help="DNS domain; default: NAME.internal.")] = None,
    known_hosts: Annotated[
        str | None, typer.Option(metavar="FILE", help="Platform existing: file with the SSH host keys.")
    ] = None,
) -> None:
    """Write a starting environment file, environments/NAME.yaml. It never overwrites one."""
    target = project.root() / "environments" / f"{name}.yaml"
    text = _text(name, platform, controllers, computes, _network(cidr), domain, known_hosts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_new(target, text)
    except OSError as error:
        raise ToolError(f"{target}: cannot be written: {error.strerror}") from None
    console.show(f"wrote {target}")
    console.say(f"Next: hacienda check {name}")


def _network(cidr: str) -> IPv4Network:
    try:
        return IPv4Network(cidr)
    except ValueError as error:
        raise InputError(f"--cidr {cidr!r}: {error}", "Write a network like 10.78.0.0/24.") from None


def _text(
    name: str,
    platform: str,
    controllers: int,
    computes: int,
    network: IPv4Network,
    domain: str | None,
    known_hosts: str | None,
) -> str:
    place = f"{{type: {platform}, known_hosts: {known_hosts}}}" if known_hosts else platform
    lines = [
        "# yaml-language-server: $schema=../environment.schema.json",
        f"name: {name}",
        *([f"domain: {domain}"] if domain else []),
        f"platform: {place}",
        "networks:",
        f"  management: {{cidr: {network}, vip: {network.network_address + VIP_OFFSET}}}",
        "machines:",
        f"  controller: {controllers}",
        *([f"  compute: {computes}"] if computes else []),
    ]
    return "\n".join(lines) + "\n"


def _write_new(target: Path, text: str) -> None:
    """Write a file that is new and good, or none: it is read as an environment before it gets its name."""
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".yaml", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        cloud.read(draft, services.registry(), shown=str(target))
        draft.chmod(0o644)
        os.link(draft, target)
    except FileExistsError:
        raise InputError(f"{target} is there already", "Choose another name, or edit it.") from None
    finally:
        draft.unlink()
