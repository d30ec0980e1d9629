"""The OpenSSH client's command line: what holds whatever the operator's own configuration says.

`~/.ssh/config` is read, because it says how a site reaches its machines (ProxyJump, aliases, identities). OpenSSH takes the first
value that it is given of each option (ssh_config(5)), and the command line comes first. Forwardings add up instead, which
ClearAllForwardings ends.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from hacienda import errors
from hacienda.remote.transport import Address

ALWAYS: Mapping[str, str] = {
    # Nobody is there to answer, and no host is trusted on first sight.
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "KnownHostsCommand": "none",
    "UpdateHostKeys": "no",
    "VerifyHostKeyDNS": "no",
    "CanonicalizeHostname": "no",
    # A node that is taken over gets neither the operator's keys, nor tickets, nor display, nor ports.
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "ForwardX11Trusted": "no",
    "GSSAPIDelegateCredentials": "no",
    "ClearAllForwardings": "yes",
    "Tunnel": "no",
    # What runs is what was asked for, here and there.
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
        address: where to.
        options: further `-o` options; none of ALWAYS.
        what: the remote command, one word that the other side's shell reads; nothing: what `arguments` ask.
        arguments: further arguments of ssh itself.

    Raises:
        InputError: a name in the address could be read as an option, or as another host.
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
        raise errors.InputError(f"{value!r} is no {what} of an SSH connection", "Letters, digits and `._-`, no option.")


def _hops(jump: str) -> list[re.Match[str]]:
    """Jump hosts, the nearest one first: `[user@]host[:port]`, with commas between them."""
    found = [_HOP.fullmatch(hop) for hop in jump.split(",")]
    if None in found:
        raise errors.InputError(
            f"{jump!r} is no jump host", "Write it like `operator@bastion.example.org:22`, several with commas."
        )
    return [hop for hop in found if hop is not None]


def _proxy(hops: Sequence[re.Match[str]]) -> str:
    """What `-J` would run, but for the options that it leaves out: the jump host's key must be known, too, and it gets no agent."""
    user, host, port = hops[-1].groups()
    options = dict(ALWAYS)
    if hops[:-1]:
        # This one's own tokens are for the inner call to replace.
        options["ProxyCommand"] = _proxy(hops[:-1]).replace("%", "%%")
    words = ["ssh", *_flags(options)]
    words += ["-l", user] if user else []
    words += ["-p", port] if port else []
    return f"{shlex.join(words)} -W '[%h]:%p' -- {shlex.quote(host)}"
