"""Networks of an environment."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from hacienda.declare import Role
from hacienda.declare.trust import PLAIN, Trust
from hacienda.environment.spec import Spec
from hacienda.environment.values import Address, AddressRange, AsList, Cidr, Nic, RouteTarget, Whole, refuse

Purpose = Literal["management", "public", "storage", "tenant", "external", "other"]
"""What travels on a network: `management` is SSH and all internal traffic, `public` the API for clients, `storage` Ceph,
`tenant` traffic between instances, `external` the way out of instances (floating IPs), `other` anything of the operator's
(provisioning, out-of-band, Ceph's cluster network, migration): machines have a card and an address, nothing here uses it."""

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

BondMode = Literal["active-backup", "802.3ad", "balance-xor", "balance-tlb", "balance-alb"]

HASHING: tuple[str, ...] = ("802.3ad", "balance-xor", "balance-tlb")
"""Bond modes that spread packets by a hash."""


class Bond(Spec):
    """Network cards bonded under a network."""

    mode: Annotated[BondMode, PLAIN] = "active-backup"
    """As Linux names it; `802.3ad` needs the switch to know."""
    nics: Annotated[tuple[Nic, ...], AsList, Field(min_length=1, max_length=8), PLAIN]
    """Cards as the machines name them."""
    hash_policy: Annotated[Literal["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4"] | None, PLAIN] = None
    """How packets are spread over the cards, with the modes `802.3ad`, `balance-xor` and `balance-tlb`. Default: the kernel's,
    `layer2`: all traffic between two machines on one card."""
    lacp_rate: Annotated[Literal["slow", "fast"] | None, PLAIN] = None
    """How often LACP asks the switch, with the mode `802.3ad`: every 30 s or every second. Default: the kernel's, `slow`."""

    @model_validator(mode="after")
    def _fits_the_mode(self) -> Self:
        if self.hash_policy is not None and self.mode not in HASHING:
            raise refuse(
                f"has a hash_policy, which mode {self.mode} does not know", f"Use one of {', '.join(HASHING)}."
            )
        if self.lacp_rate is not None and self.mode != "802.3ad":
            raise refuse(f"has a lacp_rate, which mode {self.mode} does not know", "Use mode 802.3ad.")
        return self


def _purposes(value: Any) -> Any:
    purposes = (value,) if isinstance(value, str) else value
    if not isinstance(purposes, list | tuple):
        raise refuse("is not a purpose", "Write one, like `storage`, or several: `[storage, tenant]`.")
    return tuple(purposes)


def _gateway(value: Any) -> Any:
    return "none" if value == "none" else value


class Route(Spec):
    """A static route."""

    to: Annotated[RouteTarget, PLAIN]
    """Where it leads, like `172.31.224.0/19`."""
    via: Annotated[Address, PLAIN]
    """Router on this network."""


class Network(Spec):
    """One network. A network called by a purpose (`storage:`) has that purpose without saying so."""

    cidr: Annotated[Cidr, Trust("which addresses the machines' firewall takes for the network's own")]
    """The network, like `10.77.0.0/24`."""
    gateway: Annotated[Address | Literal["none"] | None, BeforeValidator(_gateway), PLAIN] = None
    """Router towards the rest of the world; `none` for none. Default: the first address of the management network, and none on
    every other."""
    mtu: Annotated[Whole, Field(ge=1280, le=9216)] = 1500
    """Largest packet, in bytes. 9000 where the switches carry it."""
    vlan: Annotated[Annotated[Whole, Field(ge=1, le=4094)] | None, Trust("who else is on the network")] = None
    """VLAN tag; left out: untagged."""
    routes: Annotated[tuple[Route, ...], AsList, Field(max_length=64)] = ()
    """Static routes of the machines on it, like `[{to: 172.31.224.0/19, via: 10.77.0.2}]`."""
    range: Annotated[AddressRange | None, PLAIN] = None
    """First and last address that machines may use, like `10.77.0.10-10.77.0.99`; blocks of roles are then counted from its
    first address. The virtual IP may lie outside. Default: the whole network."""
    purpose: Annotated[
        tuple[Purpose, ...], BeforeValidator(_purposes), Trust("from which network internal ports are reached")
    ] = ()
    """What travels here: one or more of `management`, `public`, `storage`, `tenant`, `external`, or `other` alone. Default: the
    network's name."""
    roles: Annotated[tuple[Role, ...], AsList, PLAIN] = ()
    """Roles whose machines are on it. Default: by purpose; management: all; public: controller; storage: controller, compute,
    storage; tenant: controller, network, compute; external: network, without addresses of their own; other: none, name them."""
    vip: Annotated[Address | None, PLAIN] = None
    """Virtual IP of the APIs, held by one controller at a time. With one virtual IP in the environment it serves internal and
    public clients alike."""
    router_id: Annotated[Whole, Field(ge=1, le=255)] | None = None
    """VRRP id of the virtual IP, where another router on the management network has the default one. Default: the address's last
    octet, or the highest free id where another virtual IP of this file has it."""
    bond: Bond | None = None
    """Cards bonded under this network. Networks with different VLANs may share one bond."""
    nic: Annotated[Nic | None, PLAIN] = None
    """The one card under this network, as the machines name it, without a bond. Networks with different VLANs may share it.
    Default: the next of `eth0`, `eth1`, ..., management first, then by name."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.bond is not None and self.nic is not None:
            raise refuse("has a bond and a card without one", "Keep `bond` or `nic`.")
        if self.router_id is not None and self.vip is None:
            raise refuse("has a router_id and no virtual IP that would use it", "Add `vip`, or remove `router_id`.")
        return self
