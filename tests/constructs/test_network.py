"""Networks and virtual IPs: what they make, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from hacienda.constructs import Network, VirtualIp
from hacienda.errors import InputError
from hacienda.platforms import Existing, Incus
from tests.constructs.conftest import App

INCUS = Incus(project="hacienda-database")


def test_a_network_on_incus_is_a_bridge_with_the_gateway(app: App) -> None:
    Network(app.stack, "management", platform=INCUS, cidr="10.78.0.0/24", mtu=9000)
    (found,) = app.synth()["resource"]["hacienda_incus_network"].items()
    assert found[0] == "management"
    assert (found[1]["address"], found[1]["mtu"]) == ("10.78.0.1/24", 9000)
    assert len(found[1]["name"]) <= 15


def test_the_stack_gets_one_provider_block(app: App) -> None:
    Network(app.stack, "management", platform=INCUS, cidr="10.78.0.0/24")
    Network(app.stack, "storage", platform=INCUS, cidr="10.79.0.0/24", purposes=("storage",), gateway="none")
    block = app.synth()
    assert [p["environment"] for p in block["provider"]["hacienda"]] == ["database"]
    assert "address" not in block["resource"]["hacienda_incus_network"]["storage"]


def test_networks_that_are_there_already_are_not_made(app: App) -> None:
    network = Network(app.stack, "management", platform=Existing(), cidr="10.78.0.0/24")
    assert network.addresses == ()
    assert "resource" not in app.synth()


@pytest.mark.parametrize(
    ("props", "reason"),
    [
        ({"cidr": "10.78.0.1/24"}, 'networks.management.cidr = "10.78.0.1/24": is an address inside a network'),
        ({"cidr": "lab"}, 'networks.management.cidr = "lab": is not a network'),
        ({"cidr": "10.78.0.0/31"}, "is a /31"),
        ({"cidr": "10.78.0.0/24", "gateway": "10.78.0"}, 'networks.management.gateway = "10.78.0": is not an IPv4'),
        ({"cidr": "10.78.0.0/24", "gateway": "10.79.0.1"}, "is not a machine address in 10.78.0.0/24"),
        ({"cidr": "10.78.0.0/24", "purposes": ("management", "storag")}, "Did you mean `storage`"),
    ],
)
def test_what_is_no_network_is_refused(app: App, props: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Network(app.stack, "management", platform=INCUS, **props)


@pytest.mark.parametrize("address", ["10.79.0.10", "10.78.0.0", "10.78.0.255", "here"])
def test_a_virtual_ip_is_an_address_of_its_network(app: App, address: str) -> None:
    network = Network(app.stack, "management", platform=INCUS, cidr="10.78.0.0/24")
    with pytest.raises(InputError, match="virtual IP vip: address"):
        VirtualIp(app.stack, "vip", network=network, address=address)
