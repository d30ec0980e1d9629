"""Firewall rules of the operator's own, for what runs on the machines beside Hacienda's services."""

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
"""A source: anybody."""

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
        raise refuse("is no range of ports between 1 and 65535", fix)
    return first, last


def _source(value: Any) -> IPv4Network | str:
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str):
        raise refuse("is no source", "Write a network of this file, a range like `192.0.2.0/24`, an address, or `any`.")
    if not _CIDR.fullmatch(value):
        return value
    try:
        network = IPv4Network(value, strict=False)
    except (AddressValueError, ValueError) as error:
        raise refuse("is not an IPv4 network", "Write it like `192.0.2.0/24`.") from error
    if str(network) != value and str(network) != f"{value}/32":
        raise refuse("is an address inside a network, not a network", f"Write `{network}`.")
    if network.prefixlen == 0:
        raise refuse("is the whole world", f"Write `{ANY}`, if that is meant.")
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
    """Packets that the machines' firewall lets in, beside those of Hacienda's own services: for Ceph, a hypervisor, an agent. Rules
    only ever let in: what Hacienda's services need stays open, and their ports stay as closed as they are declared."""

    name: Name
    """What it is for, like `ceph`; it stands beside the rule on the machines."""
    protocol: Literal["tcp", "udp", "sctp", "gre", "esp", "ospf"] = "tcp"
    """IP protocol."""
    ports: Annotated[tuple[Ports, ...], AsList, Field(max_length=64)] = ()
    """Ports and ranges, like `[3300, 6800-7568]`; with `tcp`, `udp` and `sctp` alone, and needed there."""
    sources: Annotated[tuple[Source, ...], AsList, Field(min_length=1, max_length=64)]
    """Who may connect: names of networks of this file, ranges, addresses, or `any`."""
    roles: Annotated[tuple[Role, ...], AsList] = ()
    """Roles whose machines have the rule."""
    machines: Annotated[tuple[Name, ...], AsList] = ()
    """Machines that have the rule. Default, where neither `roles` nor `machines` is given: all."""

    @model_validator(mode="after")
    def _ports_for_protocol(self) -> Self:
        if self.protocol in PORTED and not self.ports:
            raise refuse(
                "names no ports", f"Add `ports`: every {self.protocol} port at once would include Hacienda's own."
            )
        if self.protocol not in PORTED and self.ports:
            raise refuse(f"names ports, which {self.protocol} does not have", "Remove `ports`.")
        return self
