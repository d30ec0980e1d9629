"""Networks of an environment."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from hacienda.declare import Role
from hacienda.environment.spec import Spec
from hacienda.environment.values import Address, AddressRange, AsList, Cidr, Nic, Whole, refuse

Purpose = Literal["management", "public", "storage", "tenant", "external"]
"""What travels on a network: `management` is SSH and all internal traffic, `public` the API for clients, `storage` Ceph,
`tenant` traffic between instances, `external` the way out of instances (floating IPs)."""

PURPOSES: tuple[str, ...] = get_args(Purpose)

BondMode = Literal["active-backup", "802.3ad", "balance-xor", "balance-tlb", "balance-alb"]


class Bond(Spec):
    """Network cards bonded under a network."""

    mode: BondMode = "active-backup"
    """As Linux names it; `802.3ad` needs the switch to know."""
    nics: Annotated[tuple[Nic, ...], AsList, Field(min_length=1, max_length=8)]
    """Cards as the machines name them."""


def _purposes(value: Any) -> Any:
    purposes = (value,) if isinstance(value, str) else value
    if not isinstance(purposes, list | tuple):
        raise refuse("is not a purpose", "Write one, like `storage`, or several: `[storage, tenant]`.")
    return tuple(purposes)


def _gateway(value: Any) -> Any:
    return "none" if value == "none" else value


class Network(Spec):
    """One network. A network called by a purpose (`storage:`) has that purpose without saying so."""

    cidr: Cidr
    """The network, like `10.77.0.0/24`."""
    gateway: Annotated[Address | Literal["none"] | None, BeforeValidator(_gateway)] = None
    """Router towards the rest of the world; `none` for none. Default: the first address of the management network, and none on
    every other."""
    mtu: Annotated[Whole, Field(ge=1280, le=9216)] = 1500
    """Largest packet, in bytes. 9000 where the switches carry it."""
    vlan: Annotated[Whole, Field(ge=1, le=4094)] | None = None
    """VLAN tag; left out: untagged."""
    range: AddressRange | None = None
    """First and last address that are ours to use, like `10.77.0.10-10.77.0.99`; blocks of roles are then counted from its
    first address. Default: the whole network."""
    purpose: Annotated[tuple[Purpose, ...], BeforeValidator(_purposes)] = ()
    """What travels here: one or more of `management`, `public`, `storage`, `tenant`, `external`. Default: the network's name."""
    roles: Annotated[tuple[Role, ...], AsList] = ()
    """Roles whose machines are on it. Default: by purpose; management: all; public: controller; storage: controller, compute,
    storage; tenant: controller, network, compute; external: network, without addresses of their own."""
    vip: Address | None = None
    """Virtual IP of the APIs, held by one controller at a time. Its last octet is its VRRP id. With one virtual IP in the
    environment it serves internal and public clients alike."""
    bond: Bond | None = None
    """Cards bonded under this network. Networks with different VLANs may share one bond."""
