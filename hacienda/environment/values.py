"""Small values of the environment file: names, addresses, sizes. Each refuses what could be read as shell, template or path."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

_UNITS = {
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
}
_LABEL = r"[a-z]([a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def refuse(reason: str, fix: str) -> PydanticCustomError:
    """An error in Hacienda's words: what is wrong, and what to write instead."""
    return PydanticCustomError("hacienda", "{reason}", {"reason": reason, "fix": fix})


def _text(value: Any, what: str, rule: str, fits: Callable[[str], object]) -> str:
    """The value, if it is text. YAML reads `1` and `true` as other types, so the fix may be to quote them.

    Args:
        what: the expected value, with its article.
        rule: how to write it.
        fits: whether a text is such a value.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, bool | int | float):
        raise refuse(f"is not {what}", f"Write {what} as text.")
    quoted = str(value).lower() if isinstance(value, bool) else str(value)
    kind = "true or false" if isinstance(value, bool) else "a number"
    if not fits(quoted):
        raise refuse(f"is {kind}, not {what}", rule)
    raise refuse(f"is {kind} to YAML without quotes, not {what}", f"Write `'{quoted}'`.")


def _matching(pattern: str, what: str, fix: str, maximum: int) -> BeforeValidator:
    compiled = re.compile(pattern)

    def fits(text: str) -> bool:
        return bool(compiled.fullmatch(text)) and "--" not in text and ".." not in text

    def check(value: Any) -> str:
        text = _text(value, what, fix, fits)
        if len(text) > maximum:
            raise refuse(f"is {len(text)} characters long", f"At most {maximum} characters.")
        if not fits(text):
            raise refuse(f"is not {what}", fix)
        return text

    return BeforeValidator(check)


_NAME_RULE = "Lower-case letters, digits and single hyphens, starting with a letter."

Name = Annotated[str, _matching(_LABEL, "a name", _NAME_RULE, 30), Field(json_schema_extra={"pattern": f"^{_LABEL}$"})]
"""A name that becomes part of host, stack and file names: at most 30 characters, `[a-z][a-z0-9-]*`."""

_DNS_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_DOMAIN = rf"{_DNS_LABEL}(\.{_DNS_LABEL})*"
_LONGEST_LABEL = 63
"""Characters of a DNS label (RFC 1035, 2.3.4)."""
_LONGEST_DOMAIN = 180
_DOMAIN_RULE = (
    "Write it like `cloud.example.org`: letters, digits and hyphens between dots, each part starting and ending with a "
    "letter or digit."
)


def _domain(value: Any) -> str:
    text = _text(value, "a domain name", _DOMAIN_RULE, lambda quoted: False)
    if len(text) > _LONGEST_DOMAIN:
        raise refuse(f"is {len(text)} characters long", f"At most {_LONGEST_DOMAIN} characters.")
    if text != text.lower():
        raise refuse("is not in lower case", f"Write `{text.lower()}`.")
    if not re.fullmatch(_DOMAIN, text):
        raise refuse("is not a domain name", _DOMAIN_RULE)
    labels = text.split(".")
    longest = max(labels, key=len)
    if len(longest) > _LONGEST_LABEL:
        raise refuse(f"has a part of {len(longest)} characters", f"At most {_LONGEST_LABEL} between two dots.")
    if labels[-1].isdigit():
        raise refuse(
            "ends in a number",
            "Write at least one letter in the last part: otherwise programs read the name as an address.",
        )
    return text


DomainName = Annotated[str, BeforeValidator(_domain), Field(json_schema_extra={"pattern": f"^{_DOMAIN}$"})]
"""A DNS domain as RFC 1123 has it, in lower case; at most 180 characters so that a node's name before it stays within DNS' 253."""

Region = Annotated[
    str, _matching(r"[A-Za-z][A-Za-z0-9_-]*", "a region name", "Letters, digits, `-` and `_`, like `RegionOne`.", 60)
]
"""A Keystone region."""

PhysicalNetworkName = Annotated[
    str,
    _matching(
        r"[A-Za-z][A-Za-z0-9_-]*",
        "the name of a physical network",
        "Letters, digits, `-` and `_`, like `physnet1`.",
        64,
    ),
]
"""A physical network as Neutron names it; its database has 64 characters for it."""

Nic = Annotated[
    str,
    _matching(r"[A-Za-z][A-Za-z0-9]*([._-][A-Za-z0-9]+)*", "the name of a network card", "Write it like `eno1`.", 15),
]
"""A network interface as the machine names it (`eno1`, `enP4p1s0f0np0`); Linux allows 15 characters."""

FilePath = Annotated[
    str,
    _matching(
        r"(~?/)?[A-Za-z0-9_.@+-]+(/[A-Za-z0-9_.@+-]+)*",
        "a path",
        "Letters, digits and `._@+-` between slashes; no `..`, no spaces.",
        200,
    ),
]
"""A path on the operator's machine: absolute, below `~/`, or relative to the project's folder."""

Word = Annotated[
    str, _matching(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]*", "a plain word", "Letters, digits and `._/:@+-`, no spaces.", 120)
]
"""A name that another system gave: an image alias, a storage pool, a rack."""


def _host(value: Any) -> str:
    rule = "Write it like `0.pool.ntp.org` or `192.0.2.1`."
    text = _text(value, "a host name or address", rule, lambda quoted: False)
    if len(text) > 253 or not _HOST.fullmatch(text) or ".." in text:
        raise refuse("is not a host name or address", rule)
    return text


Host = Annotated[str, BeforeValidator(_host)]
"""A DNS name or IPv4 address."""


def _address(value: Any) -> IPv4Address:
    if isinstance(value, IPv4Address):
        return value
    text = _text(value, "an IPv4 address", "Write it like `10.77.0.10`.", lambda quoted: False)
    if ":" in text:
        raise refuse("is IPv6", "Only IPv4 is supported here, like `10.77.0.10`.")
    try:
        return IPv4Address(text)
    except AddressValueError as error:
        raise refuse("is not an IPv4 address", "Write it like `10.77.0.10`.") from error


Address = Annotated[
    IPv4Address,
    BeforeValidator(_address),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "format": "ipv4"}),
]
"""An IPv4 address."""


def _ipv4_network(value: Any) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    text = _text(value, "a network", "Write it like `10.77.0.0/24`.", lambda quoted: False)
    if ":" in text:
        raise refuse("is IPv6", "Only IPv4 is supported here, like `10.77.0.0/24`.")
    if not re.fullmatch(r"[0-9.]+/[0-9]{1,2}", text):
        raise refuse("is not a network in CIDR notation", "Write it like `10.77.0.0/24`.")
    try:
        network = IPv4Network(text, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise refuse("is not a network in CIDR notation", "Write it like `10.77.0.0/24`.") from error
    if str(network) != text:
        raise refuse("is an address inside a network, not a network", f"Write `{network}`.")
    return network


def _route_target(value: Any) -> IPv4Network:
    network = _ipv4_network(value)
    if network.prefixlen == 0:
        raise refuse("is the default route", "Use the network's `gateway`.")
    return network


RouteTarget = Annotated[
    IPv4Network,
    BeforeValidator(_route_target),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+/[0-9]{1,2}$"}),
]
"""Target of a static route: an IPv4 network, /1 to /32."""


def _cidr(value: Any) -> IPv4Network:
    network = _ipv4_network(value)
    if not 8 <= network.prefixlen <= 29:
        raise refuse(f"is a /{network.prefixlen}", "Use a network between /8 and /29.")
    if network.is_loopback or network.is_multicast or network.is_link_local or network.is_unspecified:
        raise refuse("is reserved (loopback, multicast or link-local)", "Use a private range like `10.77.0.0/24`.")
    return network


Cidr = Annotated[
    IPv4Network,
    BeforeValidator(_cidr),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+/[0-9]{1,2}$"}),
]
"""An IPv4 network, /8 to /29."""


def _range(value: Any) -> tuple[IPv4Address, IPv4Address]:
    if isinstance(value, tuple):
        return value
    text = _text(value, "a range of addresses", "Write it like `10.77.0.10-10.77.0.99`.", lambda quoted: False)
    ends = [part.strip() for part in text.split("-")]
    try:
        first, last = (IPv4Address(end) for end in ends)
    except ValueError as error:
        raise refuse("is not a range of addresses", "Write it like `10.77.0.10-10.77.0.99`.") from error
    if last < first:
        raise refuse("ends before it starts", f"Write `{last}-{first}`.")
    return first, last


AddressRange = Annotated[
    tuple[IPv4Address, IPv4Address],
    BeforeValidator(_range),
    PlainSerializer(lambda ends: f"{ends[0]}-{ends[1]}"),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+ *- *[0-9.]+$"}),
]
"""First and last address, both included."""


def _size(value: Any) -> int:
    match = re.fullmatch(r"([0-9]{1,6})(\.[0-9])? ?([A-Za-z]+)", value) if isinstance(value, str) else None
    if match is None or match[3] not in _UNITS:
        raise refuse("is not a size", f"Write a number and a unit, like `64GiB`; units: {', '.join(_UNITS)}.")
    size = int(float(match[1] + (match[2] or "")) * _UNITS[match[3]])
    if size <= 0:
        raise refuse("is zero", "Write a size above zero, like `64GiB`.")
    return size


Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": rf"^[0-9]{{1,6}}(\.[0-9])? ?({'|'.join(_UNITS)})$"}),
]
"""A size with its unit, like `64GiB` or `1.5TB`. The parsed value is in bytes."""

HIGHEST_VLAN = 4094
"""Highest number of a VLAN (IEEE 802.1Q); 4095 is reserved."""

_VLANS = re.compile(r"([0-9]{1,4}) ?- ?([0-9]{1,4})")


def _vlan_range(value: Any) -> tuple[int, int]:
    if isinstance(value, tuple):
        return value
    match = _VLANS.fullmatch(value) if isinstance(value, str) else None
    if match is None and (not isinstance(value, int) or isinstance(value, bool)):
        raise refuse("is not a VLAN or a range of VLANs", "Write a number, like `300`, or a range, like `100-199`.")
    first, last = (int(match[1]), int(match[2])) if match else (value, value)
    if not (1 <= first <= HIGHEST_VLAN and 1 <= last <= HIGHEST_VLAN):
        raise refuse(f"is not within 1 to {HIGHEST_VLAN}", f"VLANs have numbers from 1 to {HIGHEST_VLAN}.")
    if last < first:
        raise refuse("ends before it starts", f"Write `{last}-{first}`.")
    return first, last


def vlan_range(ends: tuple[int, int]) -> str | int:
    """A range as the file has it: `300` or `100-199`."""
    first, last = ends
    return first if first == last else f"{first}-{last}"


VlanRange = Annotated[
    tuple[int, int],
    BeforeValidator(_vlan_range),
    PlainSerializer(vlan_range),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": HIGHEST_VLAN},
                {"type": "string", "pattern": f"^{_VLANS.pattern}$"},
            ]
        }
    ),
]
"""First and last VLAN, both included: `300` or `100-199`."""

Whole = Annotated[int, Strict()]
"""A whole number, not text and not a decimal."""


def _list(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise refuse("is not a list", "Write it in brackets: `[a, b]`.")
    seen = set()
    for entry in value:
        if isinstance(entry, str | int) and (type(entry), str(entry)) in seen:
            raise refuse(f"names {entry} twice", "Remove one: the second has no effect.")
        seen.add((type(entry), str(entry)))
    return tuple(value)


AsList = BeforeValidator(_list)
"""Turns a YAML list into a tuple, or raises an error in the operator's words. Refuses a value that is written twice,
because one of the two is a mistake."""
