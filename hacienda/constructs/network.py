"""`Network`: one network of an environment."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network

from hacienda import cdk
from hacienda.cloud import model
from hacienda.constructs.places import Places, places_of
from hacienda.constructs.provider import ensure_provider
from hacienda.declare import consistency
from hacienda.environment.network import PURPOSES, Purpose
from hacienda.errors import InputError, Problem
from hacienda.platforms.base import Platform


class Network(cdk.Construct):
    """A network, made on the platform where the platform makes networks.

    Args:
        scope: where it hangs; its stack gets the provider block.
        id: its name, and that of the Terraform resource.
        platform: where it is made.
        cidr: like `10.77.0.0/24`.
        gateway: router towards the rest of the world; `none` for none. Default: the first address of the network.
        purposes: what travels here: `management`, `public`, `storage`, `tenant`, `external`, or
            `other` alone. Default: management.
        mtu: largest packet in bytes. Default: 1500.
        vlan: VLAN tag. Default: untagged.
        places: of the environment. Default: the stack's id is its name, the working folder the project.

    Raises:
        InputError: what is given is no network.
    """

    def __init__(
        self,
        scope: cdk.Construct,
        id: str,
        *,
        platform: Platform,
        cidr: str,
        gateway: str | None = None,
        purposes: Iterable[Purpose] = ("management",),
        mtu: int = 1500,
        vlan: int | None = None,
        places: Places | None = None,
    ) -> None:
        super().__init__(scope, id)
        ensure_provider(self, places or places_of(self))
        self.platform = platform
        self.declared = _declared(id, cidr, gateway, tuple(purposes), mtu, vlan)
        declarations = platform.network(self.declared)
        self.addresses = tuple(declaration.terraform_address for declaration in declarations)
        for declaration in declarations:
            cdk.Resource(self, declaration.terraform_type, declaration=declaration)


def network_of(scope: cdk.Construct, network: model.Network, platform: Platform, places: Places) -> Network:
    """The construct of a resolved network."""
    return Network(
        scope,
        network.name,
        platform=platform,
        cidr=str(network.cidr),
        gateway=str(network.gateway or "none"),
        purposes=sorted(network.purposes),
        mtu=network.mtu,
        vlan=network.vlan,
        places=places,
    )


def _declared(
    name: str, cidr: str, gateway: str | None, purposes: tuple[Purpose, ...], mtu: int, vlan: int | None
) -> model.Network:
    where = f"network {name}"
    unknown = [
        Problem(f"{where}: purposes", f"has no {consistency.unknown(purpose, PURPOSES)}", f"Use {', '.join(PURPOSES)}.")
        for purpose in purposes
        if purpose not in PURPOSES
    ]
    if unknown:
        raise InputError(unknown)
    try:
        block = IPv4Network(cidr)
    except ValueError as error:
        raise InputError(
            [Problem(f"{where}: cidr", f"{error}", "Write it like `10.77.0.0/24`.", value=cidr)]
        ) from error
    if block.prefixlen > 29:
        raise InputError([Problem(f"{where}: cidr", "has no room for machines", "Use a /29 or larger.", value=cidr)])
    try:
        router = None if gateway == "none" else IPv4Address(gateway or block[1])
    except ValueError as error:
        raise InputError([Problem(f"{where}: gateway", f"{error}", f"Use an address in {block}.")]) from error
    return model.Network(
        name=name,
        cidr=block,
        purposes=frozenset(purposes),
        addressable=(block[1], block[-2]),
        gateway=router,
        mtu=mtu,
        vlan=vlan,
    )
