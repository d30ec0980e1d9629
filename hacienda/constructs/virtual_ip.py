"""`VirtualIp`: an address that one load balancer holds at a time."""

from __future__ import annotations

from ipaddress import IPv4Address

from hacienda import cdk
from hacienda.constructs.network import Network
from hacienda.errors import InputError, Problem


class VirtualIp(cdk.Construct):
    """A virtual IP of a network. The machines move it among themselves, so it has no Terraform resource.

    Args:
        scope: parent construct.
        id: construct id.
        network: its network, which has at most one virtual IP.
        address: the address; its last octet is the VRRP id.

    Raises:
        InputError: the address is not in the network.
    """

    def __init__(self, scope: cdk.Construct, id: str, *, network: Network, address: str) -> None:
        super().__init__(scope, id)
        self.network = network
        block = network.network.cidr
        try:
            self.address = IPv4Address(address)
        except ValueError as error:
            raise InputError(
                [Problem(f"virtual IP {id}: address", str(error), f"Use an address in {block}.")]
            ) from error
        if not block[1] <= self.address <= block[-2]:
            reason = f"is no usable address in {block}"
            fix = f"Use an address between {block[1]} and {block[-2]}."
            raise InputError([Problem(f"virtual IP {id}: address", reason, fix, value=address)])
