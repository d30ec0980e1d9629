"""The OpenSSH client's command line: the options that override the operator's configuration.

ssh reads `~/.ssh/config`, because it describes how a site reaches its machines (ProxyJump, aliases, identities).
OpenSSH uses the first value of each option (ssh_config(5)), and the command line comes first. Forwardings add up
instead, so ClearAllForwardings removes them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from hacienda import errors
from hacienda.remote.transport import Address

ALWAYS: Mapping[str, str] = {
    # Nobody answers a prompt, and ssh trusts no unknown host.
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "KnownHostsCommand": "none",
    "UpdateHostKeys": "no",
    "VerifyHostKeyDNS": "no",
    "CanonicalizeHostname": "no",
    # A compromised node gets neither the operator's keys, nor tickets, nor display, nor ports.
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "ForwardX11Trusted": "no",
    "GSSAPIDelegateCredentials": "no",
    "ClearAllForwardings": "yes",
    "Tunnel": "no",
    # Nothing but the requested command runs, on either side.
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "RequestTTY": "no",
    "LogLevel": "ERROR",
}
"""Options of every connection, to nodes and jump hosts alike."""

_HOST = r"\[?[A-Za-z0-9][A-Za-z0-9.:_-]*\]?"
_USER = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_HOP = re.compile(rf"(?:({_USER})@)?([A-Za-z0-9][A-Za-z0-9._-]*)(?::([0-9]{{1,5}}))?")


def command(address: Address, options: Mapping[str, str], *what: str, arguments: Sequence[str] = ()) -> list[str]:
    """One call of ssh.

    Args:
        address: the target.
        options: further `-o` options, but none of ALWAYS.
        what: the remote command, one word for the remote shell; empty: `arguments` name the action.
        arguments: further arguments of ssh.

    Raises:
        InputError: ssh could read a name in the address as an option, or as another host.
    """
    _require("host", address.host, _HOST)
    _require("user", address.user, _USER)
    if address.jump:
        options = {**options, "ProxyCommand": _proxy(_hops(address.jump))}
    own = [*_flags(ALWAYS), *_flags(options), "-l", address.user, "-p", str(address.port), *arguments]
    return ["ssh", *own, "--", address.host, *what]


def _flags(options: Mapping[str, str]) -> Iterator[str]:
    for name, value in options.items():
        yield from ("-o", f"{name}={value}")


def _require(what: str, value: str, pattern: str) -> None:
    if not re.fullmatch(pattern, value):
        raise errors.InputError(
            f"{value!r} is not a {what} of an SSH connection", "Use letters, digits and `._-`, but no `-` at the start."
        )


def _hops(jump: str) -> list[re.Match[str]]:
    """Jump hosts, the nearest first: `[user@]host[:port]`, separated by commas."""
    found = [_HOP.fullmatch(hop) for hop in jump.split(",")]
    if None in found:
        raise errors.InputError(
            f"{jump!r} is not a jump host",
            "Write it like `operator@bastion.example.org:22`, several separated by commas.",
        )
    return [hop for hop in found if hop is not None]


def _proxy(hops: Sequence[re.Match[str]]) -> str:
    """The command that `-J` would run, with the options that `-J` omits: the jump host's key must be known as well, and
    the jump host gets no agent."""
    user, host, port = hops[-1].groups()
    options = dict(ALWAYS)
    if hops[:-1]:
        # The inner call replaces the tokens of this one.
        options["ProxyCommand"] = _proxy(hops[:-1]).replace("%", "%%")
    words = ["ssh", *_flags(options)]
    words += ["-l", user] if user else []
    words += ["-p", port] if port else []
    return f"{shlex.join(words)} -W '[%h]:%p' -- {shlex.quote(host)}"
