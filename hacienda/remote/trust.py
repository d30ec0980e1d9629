"""Trust strings: how the SSH host keys of an environment are learnt. Never on first sight.

- `incus:<unix socket>?project=<project>` reads the key out of the instance named like the node, through Incus' file API.
- `known_hosts:<path>` is a file that the operator keeps.
"""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from hacienda import errors
from hacienda.remote import incus

_PLATFORM = "incus"
"""Kind of the trust strings by which the platform itself is asked."""

_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"


@dataclass(frozen=True)
class IncusTrust:
    """Keys are read from Incus instances."""

    socket: str
    project: str


@dataclass(frozen=True)
class FileTrust:
    """Keys are in a known_hosts file, under the hosts' own names or addresses."""

    path: str


def parse(trust: str) -> IncusTrust | FileTrust:
    """Parse a trust string.

    Raises:
        hacienda.errors.InputError: it is neither of the two forms.
    """
    kind, _, rest = trust.partition(":")
    if kind == "known_hosts" and rest:
        return FileTrust(rest)
    if kind == _PLATFORM and rest:
        path, _, query = rest.partition("?")
        return IncusTrust(path, urllib.parse.parse_qs(query).get("project", ["default"])[0])
    raise errors.InputError(
        f"{trust!r} is no trust string", "Write incus:<socket>?project=<name> or known_hosts:<path>."
    )


def proves(trust: str) -> bool:
    """Whether the platform itself is asked for a machine's key, by the machine's name: whoever answers, at whatever address, is
    that machine. A known_hosts file knows addresses, and no machines; what is no trust string proves nothing."""
    return trust.partition(":")[0] == _PLATFORM


def host_key_lines(trust: IncusTrust, node: str) -> str:
    """known_hosts text for one node, under the alias of its name.

    Raises:
        hacienda.errors.ToolError: there is no such instance, or its sshd has not made a key yet.
    """
    content = incus.Incus(trust.socket, trust.project).file(node, _KEY)
    fields = (content or b"").decode().split()
    if len(fields) < 2:
        raise errors.ToolError(
            f"{node} has no SSH host key yet",
            "It has not been made (hacienda apply), or its first boot is not that far: try again.",
        )
    return f"{node} {fields[0]} {fields[1]}\n"


def known_hosts(trust: str, node: str, folder: Path) -> tuple[Path, str]:
    """A known_hosts file that knows the node, and the alias it is listed under (empty: its own host name).

    Args:
        trust: trust string.
        node: the node's name.
        folder: where a generated file may be written.
    """
    parsed = parse(trust)
    if isinstance(parsed, FileTrust):
        return Path(parsed.path).expanduser().resolve(), ""
    path = folder / f"known_hosts.{node}"
    path.write_text(host_key_lines(parsed, node), encoding="utf-8")
    return path, node
