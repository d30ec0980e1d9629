"""Hacienda's own checks, for files that no program refuses: their readers ignore what they do not understand."""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from collections.abc import Iterator

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_RESOLVER_WORDS = frozenset({"search", "nameserver", "options"})
_MOST_NAME_SERVERS = 3
"""The C library reads at most three name servers (resolv.conf(5), MAXNS)."""


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if words:
            yield number, words


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def hosts(text: str) -> list[str]:
    """Complaints about /etc/hosts. Each line has an address and names, and no name has two addresses of one family."""
    found: list[str] = []
    owners: dict[str, str] = {}
    for number, (address, *names) in _lines(text):
        if not _is_address(address) or not names:
            found.append(f"line {number}: needs an address and at least one name")
        for name in names:
            if not _HOST.fullmatch(name):
                found.append(f"line {number}: {name!r} is not a host name")
            family = "6" if ":" in address else "4"
            if owners.setdefault(f"{name}/{family}", address) != address:
                found.append(f"line {number}: {name} already has the address {owners[f'{name}/{family}']}")
    if not owners:
        found.append("it names no machine")
    return found


def resolver(text: str) -> list[str]:
    """Complaints about /etc/resolv.conf. It has known words, and the addresses of one to three name servers."""
    found = [
        f"line {number}: unknown word {words[0]!r}" for number, words in _lines(text) if words[0] not in _RESOLVER_WORDS
    ]
    servers = [(number, words[1:]) for number, words in _lines(text) if words[0] == "nameserver"]
    found += [
        f"line {number}: needs exactly one address"
        for number, rest in servers
        if len(rest) != 1 or not _is_address(rest[0])
    ]
    if not 1 <= len(servers) <= _MOST_NAME_SERVERS:
        found.append(f"{len(servers)} name servers; the C library reads one to {_MOST_NAME_SERVERS}")
    return found


def json_text(text: str) -> list[str]:
    """Complaints about a file that Hacienda's programs read as JSON."""
    try:
        json.loads(text)
    except ValueError as error:
        return [str(error)]
    return []


def python(text: str) -> list[str]:
    """Complaints of the running Python about one of Hacienda's programs."""
    try:
        compile(text, "file", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return [str(error)]
    return []


def uuid_text(text: str) -> list[str]:
    """Complaints about a file that holds one UUID, in the form that Nova compares: 36 characters, lower case."""
    try:
        return [] if str(uuid.UUID(text.strip())) == text.strip() else [f"{text.strip()!r} is not in the usual form"]
    except ValueError:
        return [f"{text.strip()!r} is no UUID"]
