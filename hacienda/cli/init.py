"""`hacienda init`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal

import typer

from hacienda import cloud, services
from hacienda.cli import assessing, console, project
from hacienda.cloud import Cloud
from hacienda.errors import InputError, ToolError

FIRST_NETWORK = IPv4Network("10.78.0.0/24")
"""The management network of a project's first environment. Others get the same range in 10.79, 10.80 and so on to 10.255."""

VIP_OFFSETS = range(10, 1, -1)
"""Offsets of a new file's virtual IP: the network's tenth address, as in environments/lab.yaml, or one before it. Machines have
the addresses from the eleventh on, and the first one belongs to a router."""


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the environment: letters, digits, dashes.")],
    platform: Annotated[
        Literal["incus", "existing"], typer.Option(metavar="TYPE", help="Where the machines are: incus or existing.")
    ] = "incus",
    controllers: Annotated[
        int, typer.Option(metavar="N", min=1, help="Controllers; a majority of them must live.")
    ] = 3,
    computes: Annotated[int, typer.Option(metavar="N", min=0, help="Compute machines.")] = 0,
    cidr: Annotated[
        str | None,
        typer.Option(
            help=f"The management network; default: {FIRST_NETWORK}, or the next one that no environment here has."
        ),
    ] = None,
    domain: Annotated[str | None, typer.Option(help="DNS domain; default: NAME.internal.")] = None,
    known_hosts: Annotated[
        str | None, typer.Option(metavar="FILE", help="Platform existing: file with the SSH host keys.")
    ] = None,
) -> None:
    """Write a starting environment file, environments/NAME.yaml. It never overwrites one."""
    target = project.root() / "environments" / f"{name}.yaml"
    others = tuple(assessing.readable(path for path in project.all_environments() if path != target))
    network = _free_network(others) if cidr is None else _network(cidr)
    vip = network.network_address + _free_vip(platform, others)
    text = _text(name, platform, controllers, computes, f"{{cidr: {network}, vip: {vip}}}", domain, known_hosts)
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
        raise InputError(f"--cidr {cidr!r}: {error}", f"Write a network like {FIRST_NETWORK}.") from None


def _free_network(others: Sequence[Cloud]) -> IPv4Network:
    """The first network that overlaps no other environment's: environments with overlapping networks could never be connected.

    Raises:
        InputError: there is none left.
    """
    taken = [network.cidr for other in others for network in other.networks]
    first = FIRST_NETWORK.network_address
    for number in range(256 - first.packed[1]):
        network = IPv4Network((first + number * 2**16, FIRST_NETWORK.prefixlen))
        if not any(network.overlaps(one) for one in taken):
            return network
    raise InputError(f"No network from {FIRST_NETWORK} on is free.", "Name one with --cidr.")


def _free_vip(platform: str, others: Sequence[Cloud]) -> int:
    """The offset of the virtual IP. Its last octet is its VRRP id, which must differ between environments at one switch. Incus
    gives each network a bridge of its own."""
    alike = [other for other in others if "incus" not in (platform, other.platform.type)]
    taken = {vip.router_id for other in alike for vip in other.virtual_ips}
    return next((offset for offset in VIP_OFFSETS if offset not in taken), VIP_OFFSETS[0])


def _text(
    name: str,
    platform: str,
    controllers: int,
    computes: int,
    network: str,
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
        f"  management: {network}",
        "machines:",
        f"  controller: {controllers}",
        *([f"  compute: {computes}"] if computes else []),
    ]
    return "\n".join(lines) + "\n"


def _write_new(target: Path, text: str) -> None:
    """Write a new and valid file, or none: the draft is read as an environment before it gets its name."""
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".yaml", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        cloud.read(draft, services.registry(), shown=str(target))
        draft.chmod(0o644)
        os.link(draft, target)
    except FileExistsError:
        raise InputError(f"{target} exists already", "Choose another name, or edit the file.") from None
    finally:
        draft.unlink()
