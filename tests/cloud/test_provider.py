"""Physical networks: which external networks have provider networks, under which names, on which bridges."""

from __future__ import annotations

from textwrap import dedent

import pytest

from hacienda.cloud import Cloud
from hacienda.cloud.model import PhysicalNetwork
from hacienda.errors import InputError
from tests.cloud import samples

TEXT = """
    name: provider
    platform: {platform}
    networks:
      management: {{cidr: 10.1.0.0/24, vip: 10.1.0.5{cards}}}
    {networks}
    machines:
      controller: 3
      network: 2
"""


def cloud(*networks: str, platform: str = "existing", cards: str = "") -> Cloud:
    lines = "\n".join(f"  {network}" for network in networks)
    text = dedent(TEXT).format(platform=platform, networks=lines, cards=cards)
    return samples.cloud(text)


def physical(found: Cloud) -> dict[str, PhysicalNetwork | None]:
    return {network.name: network.physical for network in found.networks}


def refused(*networks: str, cards: str = "") -> list[str]:
    with pytest.raises(InputError) as caught:
        cloud(*networks, cards=cards)
    return [str(problem).partition(": ")[2].partition("\n")[0] for problem in caught.value.problems]


def test_the_first_silent_external_network_is_neutrons_external_and_others_ask_for_it() -> None:
    found = cloud(
        "wan: {purpose: external, cidr: 10.2.0.0/24}", "wide: {purpose: external, cidr: 10.3.0.0/24, vlan: 9}"
    )
    assert physical(found) == {"management": None, "wan": PhysicalNetwork("external", "br-ex"), "wide": None}
    assert [network.name for network in found.physical_networks] == ["wan"]
    alone = cloud("wan: {purpose: external, cidr: 10.2.0.0/24, provider: {vlans: [7]}}")
    assert physical(alone)["wan"] == PhysicalNetwork("external", "br-ex", vlans=((7, 7),))


def test_a_network_that_is_added_takes_no_name_and_no_bridge_from_another() -> None:
    """Its name comes first, and would be the first of all."""
    floating = "external: {cidr: 10.2.0.0/24, nic: eno1}"
    found = cloud(floating, "datacentre: {purpose: external, cidr: 10.3.0.0/24, nic: eno2, provider: {name: physnet1}}")
    assert physical(found)["external"] == physical(cloud(floating))["external"] == PhysicalNetwork("external", "br-ex")
    assert physical(found)["datacentre"] == PhysicalNetwork("physnet1", "ex-physnet1")


def test_a_network_says_its_name_and_its_vlans() -> None:
    found = cloud(
        "wan: {purpose: external, cidr: 10.2.0.0/24, nic: eno1, provider: {name: external, vlans: [300, 100-199]}}",
        "wide: {purpose: external, cidr: 10.3.0.0/24, nic: eno2, provider: {name: physnet1, flat: false}}",
    )
    assert physical(found) == {
        "management": None,
        "wan": PhysicalNetwork("external", "br-ex", vlans=((300, 300), (100, 199))),
        "wide": PhysicalNetwork("physnet1", "ex-physnet1", flat=False),
    }


def test_a_bridge_has_a_name_of_its_own_that_linux_takes() -> None:
    names = ("datacentre-of-the-north", "datacentre-of-the-south")
    found = cloud(
        *(
            f"{name}: {{purpose: external, cidr: 10.{number}.0.0/24, nic: eno{number}, provider: {{name: {name}}}}}"
            for number, name in enumerate(names, 2)
        )
    )
    bridges = {network.physical.bridge for network in found.physical_networks if network.physical}
    assert len(bridges) == 2
    assert all(len(bridge) <= 15 for bridge in bridges)


@pytest.mark.parametrize(
    ("networks", "said"),
    [
        (
            ("storage: {cidr: 10.2.0.0/24, provider: {}}",),
            ["networks.storage.provider: has provider networks, but is not for external traffic alone"],
        ),
        (
            ("wan: {purpose: [external, storage], cidr: 10.2.0.0/24, provider: {vlans: [7]}}",),
            ["networks.wan.provider: has provider networks, but is not for external traffic alone"],
        ),
        (
            ("wan: {purpose: external, cidr: 10.2.0.0/24, vlan: 9, provider: {vlans: [7]}}",),
            ["networks.wan.provider.vlans: is on VLAN 9, so each VLAN of its instances would be inside that one"],
        ),
        (
            (
                "wan: {purpose: external, cidr: 10.2.0.0/24, nic: eno1, provider: {vlans: [10-20, 40]}}",
                "tenant: {cidr: 10.3.0.0/24, nic: eno1, vlan: 15}",
                "storage: {cidr: 10.4.0.0/24, vlan: 40}",
                "elsewhere: {purpose: other, roles: [controller], cidr: 10.5.0.0/24, nic: eno9, vlan: 16}",
            ),
            [
                "networks.wan.provider.vlans[1] = 40: has VLAN 40, which storage uses",
                'networks.wan.provider.vlans[0] = "10-20": has VLAN 15, which tenant uses',
            ],
        ),
        (
            (
                "wan: {purpose: external, cidr: 10.2.0.0/24, provider: {name: external, vlans: [100-199]}}",
                "wide: {purpose: external, cidr: 10.3.0.0/24, provider: {name: wide, vlans: [50, 150-160]}}",
            ),
            ['networks.wide.provider.vlans[1] = "150-160": has VLAN 150, which wan uses'],
        ),
        (
            (
                "external: {cidr: 10.2.0.0/24, nic: eno1}",
                "wide: {purpose: external, cidr: 10.3.0.0/24, nic: eno2, provider: {}}",
            ),
            [
                "networks.wide.provider: does not name its physical network, and the file has several external networks",
            ],
        ),
        (
            (
                "external: {cidr: 10.2.0.0/24, nic: eno1}",
                "wide: {purpose: external, cidr: 10.3.0.0/24, nic: eno2, provider: {name: external}}",
            ),
            ['networks.wide.provider.name = "external": is also the physical network of external'],
        ),
    ],
    ids=["storage", "with addresses", "tagged", "vlans of machines", "vlans of both", "no name", "name"],
)
def test_what_cannot_be_is_refused(networks: tuple[str, ...], said: list[str]) -> None:
    assert refused(*networks) == said


def test_different_cards_are_different_switches_and_so_are_bridges_of_incus() -> None:
    wan = "wan: {{purpose: external, cidr: 10.2.0.0/24{}, provider: {{name: wan, vlans: [10-20]}}}}"
    wide = "wide: {{purpose: external, cidr: 10.3.0.0/24{}, provider: {{name: wide, vlans: [10-20]}}}}"
    assert cloud(wan.format(", nic: eno1"), wide.format(", nic: eno2")).physical_networks
    assert cloud(wan.format(""), wide.format(""), platform="incus").physical_networks
