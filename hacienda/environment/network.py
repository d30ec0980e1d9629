"""Networks of an environment."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hacienda.declare import Role
from hacienda.declare.trust import PLAIN, Trust
from hacienda.environment.spec import Spec
from hacienda.environment.values import (
    HIGHEST_VLAN,
    Address,
    AddressRange,
    AsList,
    Cidr,
    Nic,
    PhysicalNetworkName,
    RouteTarget,
    VlanRange,
    Whole,
    refuse,
    vlan_range,
)

Purpose = Literal["management", "public", "storage", "tenant", "external", "other"]
"""Kinds of traffic on a network. `management`: SSH and all internal traffic. `public`: the API for clients. `storage`:
Ceph. `tenant`: traffic between instances. `external`: the way out of instances (floating IPs). `other`: the operator's
traffic (provisioning, out-of-band, Ceph's cluster network, migration). Machines have a card and an address there, but
Hacienda's services do not use it."""

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

BondMode = Literal["active-backup", "802.3ad", "balance-xor", "balance-tlb", "balance-alb"]

HASHING: tuple[str, ...] = ("802.3ad", "balance-xor", "balance-tlb")
"""Bond modes that spread packets by a hash."""


class Bond(Spec):
    """Network cards bonded under a network."""

    mode: Annotated[BondMode, PLAIN] = "active-backup"
    """Bond mode, as Linux names it. For `802.3ad`, configure the switch as well."""
    nics: Annotated[tuple[Nic, ...], AsList, Field(min_length=1, max_length=8), PLAIN]
    """Names of the cards on the machines."""
    hash_policy: Annotated[Literal["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4"] | None, PLAIN] = None
    """How the modes `802.3ad`, `balance-xor` and `balance-tlb` spread packets over the cards. Default: `layer2`, as the
    kernel's: all traffic between two machines uses one card."""
    lacp_rate: Annotated[Literal["slow", "fast"] | None, PLAIN] = None
    """How often mode `802.3ad` asks the switch for LACP packets: `slow` is every 30 s, `fast` every second. Default:
    `slow`, as the kernel's."""

    @model_validator(mode="after")
    def _fits_the_mode(self) -> Self:
        if self.hash_policy is not None and self.mode not in HASHING:
            raise refuse(
                f"has a hash_policy, which mode {self.mode} does not have", f"Use one of {', '.join(HASHING)}."
            )
        if self.lacp_rate is not None and self.mode != "802.3ad":
            raise refuse(f"has a lacp_rate, which mode {self.mode} does not have", "Use mode 802.3ad.")
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
    """Target network, like `172.31.224.0/19`."""
    via: Annotated[Address, PLAIN]
    """Router on this network."""


def _apart(vlans: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    for one, other in combinations(vlans, 2):
        if one[0] <= other[1] and other[0] <= one[1]:
            reason = f"has VLAN {max(one[0], other[0])} in {vlan_range(one)} and in {vlan_range(other)}"
            raise refuse(reason, "Write ranges that have no VLAN in common.")
    return vlans


class ProviderNetworks(Spec):
    """What instances and routers may use of a network with the purpose `external`: one physical network of Neutron."""

    name: Annotated[PhysicalNetworkName | None, PLAIN] = None
    """Physical network, as Neutron's administrators write it. A file with several external networks must name it. Default:
    `external`."""
    flat: Annotated[bool, PLAIN] = True
    """Whether a provider network may use the packets without a tag."""
    vlans: Annotated[
        tuple[VlanRange, ...],
        AsList,
        Field(max_length=64),
        AfterValidator(_apart),
        Trust("which VLANs the instances reach"),
    ] = ()
    """VLANs from which Neutron takes that of a new network, like `[100-199, 300]`. An administrator may name any other. Default:
    any VLAN, for networks of administrators alone."""


class NetworkSpec(Spec):
    """One network. A network that is named like a purpose (`storage:`) has that purpose by default."""

    cidr: Annotated[Cidr, Trust("which addresses the machines' firewall treats as this network's")]
    """The network, like `10.77.0.0/24`."""
    gateway: Annotated[Address | Literal["none"] | None, BeforeValidator(_gateway), PLAIN] = None
    """Router to other networks, or `none`. Default: the first address of the management network, and none on every
    other network."""
    mtu: Annotated[Whole, Field(ge=1280, le=9216)] = 1500
    """Largest packet, in bytes. Use 9000 if the switches carry it."""
    vlan: Annotated[Annotated[Whole, Field(ge=1, le=HIGHEST_VLAN)] | None, Trust("who else is on the network")] = None
    """VLAN tag. Default: untagged."""
    routes: Annotated[tuple[Route, ...], AsList, Field(max_length=64)] = ()
    """Static routes of the machines on it, like `[{to: 172.31.224.0/19, via: 10.77.0.2}]`."""
    range: Annotated[AddressRange | None, PLAIN] = None
    """First and last address that machines may use, like `10.77.0.10-10.77.0.99`. The blocks of the roles then start at
    its first address. The virtual IP may lie outside. Default: the whole network."""
    purpose: Annotated[
        tuple[Purpose, ...], BeforeValidator(_purposes), Trust("which networks reach internal ports")
    ] = ()
    """Kinds of traffic: one or more of `management`, `public`, `storage`, `tenant`, `external`, or `other` alone.
    Default: the network's name."""
    roles: Annotated[tuple[Role, ...], AsList, PLAIN] = ()
    """Roles whose machines are on it. Default, by purpose: management: all; public: controller; storage: controller,
    compute, storage; tenant: controller, network, compute; external: network, without an address, or controller if the
    file has no network machine and the cloud has gateways. A network with purpose `other` must name them."""
    vip: Annotated[Address | None, PLAIN] = None
    """Virtual IP of the APIs. One controller at a time holds it. If the environment has one virtual IP, it serves
    internal and public clients."""
    router_id: Annotated[Whole, Field(ge=1, le=255)] | None = None
    """VRRP id of the virtual IP. Set it if another router on the management network uses the default. Default: the
    address's last octet, or the highest free id if another virtual IP of this file has that octet."""
    bond: Bond | None = None
    """Bond of cards below this network. Networks with different VLANs may share one bond."""
    nic: Annotated[Nic | None, PLAIN] = None
    """Name of the single card below this network, without a bond. Networks with different VLANs may share it.
    Default: the next of `eth0`, `eth1`, ..., management first, then by name."""

    provider: ProviderNetworks | None = None
    """Provider networks of instances on it. Only on a network with the purpose `external` alone. Default: the first external
    network without this key, by name, is the physical network `external`."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.bond is not None and self.nic is not None:
            raise refuse("has both a bond and a single card", "Keep `bond` or `nic`.")
        if self.router_id is not None and self.vip is None:
            raise refuse("has a router_id, but no virtual IP that uses it", "Add `vip`, or remove `router_id`.")
        return self
