"""Trust strings: the source of an environment's SSH host keys. An unknown key is never trusted.

- `incus:<unix socket>?project=<project>` reads the key from the instance with the node's name, through Incus' file API.
- `known_hosts:<path>` is a file that the operator maintains.
"""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from hacienda import errors
from hacienda.remote import incus

_PLATFORM = "incus"
"""Kind of the trust strings that ask the platform itself."""

_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"


@dataclass(frozen=True)
class IncusTrust:
    """Reads keys from Incus instances."""

    socket: str
    project: str


@dataclass(frozen=True)
class FileTrust:
    """Reads keys from a known_hosts file, under the hosts' own names or addresses."""

    path: str


def parse(trust: str) -> IncusTrust | FileTrust:
    """Parse a trust string.

    Raises:
        hacienda.errors.InputError: it has neither of the two forms.
    """
    kind, _, rest = trust.partition(":")
    if kind == "known_hosts" and rest:
        return FileTrust(rest)
    if kind == _PLATFORM and rest:
        path, _, query = rest.partition("?")
        return IncusTrust(path, urllib.parse.parse_qs(query).get("project", ["default"])[0])
    raise errors.InputError(
        f"{trust!r} is not a trust string", "Write incus:<socket>?project=<name> or known_hosts:<path>."
    )


def proves(trust: str) -> bool:
    """Whether the platform itself reports a machine's key, by the machine's name. The key then proves which machine
    answers, at any address. A known_hosts file maps addresses to keys, so it cannot prove which machine answers. An
    invalid trust string proves nothing."""
    return trust.partition(":")[0] == _PLATFORM


def host_key_lines(trust: IncusTrust, node: str) -> str:
    """known_hosts text for one node, under the alias of its name.

    Raises:
        hacienda.errors.ToolError: there is no such instance, or its sshd has not created a key yet.
    """
    content = incus.Incus(trust.socket, trust.project).file(node, _KEY)
    fields = (content or b"").decode().split()
    if len(fields) < 2:
        raise errors.ToolError(
            f"{node} has no SSH host key yet",
            "Create it (hacienda apply), or wait for its first boot and try again.",
        )
    return f"{node} {fields[0]} {fields[1]}\n"


def known_hosts(trust: str, node: str, folder: Path) -> tuple[Path, str]:
    """A known_hosts file with the node's key, and the alias of its entry (empty: its own host name).

    Args:
        trust: trust string.
        node: the node's name.
        folder: folder for a generated file.
    """
    parsed = parse(trust)
    if isinstance(parsed, FileTrust):
        return Path(parsed.path).expanduser().resolve(), ""
    path = folder / f"known_hosts.{node}"
    path.write_text(host_key_lines(parsed, node), encoding="utf-8")
    return path, node
