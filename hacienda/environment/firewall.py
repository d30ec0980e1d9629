"""Firewall rules of the operator, for programs that run on the machines beside Hacienda's services."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from hacienda.declare import Role
from hacienda.environment.spec import Spec
from hacienda.environment.values import AsList, Name, refuse

PORTED: tuple[str, ...] = ("tcp", "udp", "sctp")
"""Protocols with ports."""

ANY = "any"
"""The source that means any address."""

_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_CIDR = re.compile(r"[0-9.]+(/[0-9]{1,2})?")


def _ports(value: Any) -> tuple[int, int]:
    if isinstance(value, tuple):
        return value
    fix = "Write a port, like `3300`, or a range, like `6800-7568`."
    match = _PORTS.fullmatch(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if match is None:
        raise refuse("is not a port", fix)
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last <= 65535:
        raise refuse("is not a range of ports between 1 and 65535", fix)
    return first, last


def _source(value: Any) -> IPv4Network | str:
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str):
        raise refuse(
            "is not a source", "Write a network of this file, a range like `192.0.2.0/24`, an address, or `any`."
        )
    if not _CIDR.fullmatch(value):
        return value
    try:
        network = IPv4Network(value, strict=False)
    except (AddressValueError, ValueError) as error:
        raise refuse("is not an IPv4 network", "Write it like `192.0.2.0/24`.") from error
    if str(network) != value and str(network) != f"{value}/32":
        raise refuse("is an address inside a network, not a network", f"Write `{network}`.")
    if network.prefixlen == 0:
        raise refuse("is the whole world", f"Write `{ANY}` if you mean every address.")
    return network


Ports = Annotated[
    tuple[int, int],
    BeforeValidator(_ports),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 65535},
                {"type": "string", "pattern": f"^{_PORTS.pattern}$"},
            ]
        }
    ),
]
"""First and last port."""

Source = Annotated[IPv4Network | str, BeforeValidator(_source), WithJsonSchema({"type": "string"})]
"""A range of addresses, the name of a network, or `any`."""


class FirewallRule(Spec):
    """Packets that the machines' firewall accepts in addition to those of Hacienda's services: for Ceph, a hypervisor,
    an agent. A rule cannot close a port that a Hacienda service needs, and cannot open a port of one."""

    name: Name
    """What the rule is for, like `ceph`. The name is a comment of the rule on the machines."""
    protocol: Literal["tcp", "udp", "sctp", "gre", "esp", "ospf"] = "tcp"
    """IP protocol."""
    ports: Annotated[tuple[Ports, ...], AsList, Field(max_length=64)] = ()
    """Ports and ranges, like `[3300, 6800-7568]`. The protocols `tcp`, `udp` and `sctp` need them; other protocols have
    none."""
    sources: Annotated[tuple[Source, ...], AsList, Field(min_length=1, max_length=64)]
    """Sources that may connect: names of networks of this file, ranges, addresses, or `any`."""
    roles: Annotated[tuple[Role, ...], AsList] = ()
    """Roles whose machines get the rule."""
    machines: Annotated[tuple[Name, ...], AsList] = ()
    """Machines that get the rule. Default, without `roles` and `machines`: all."""

    @model_validator(mode="after")
    def _ports_for_protocol(self) -> Self:
        if self.protocol in PORTED and not self.ports:
            raise refuse(
                "names no ports",
                f"Add `ports`: every {self.protocol} port at once would include those of Hacienda's services.",
            )
        if self.protocol not in PORTED and self.ports:
            raise refuse(f"names ports, which {self.protocol} does not have", "Remove `ports`.")
        return self
