"""Names of the APIs: the operator's own reach every client, and none is two addresses."""

from __future__ import annotations

import pytest

from hacienda.cloud import Cloud
from hacienda.cloudinit import needs
from hacienda.errors import InputError
from tests.cloud.samples import cloud

ONE = "{management: {cidr: 10.1.0.0/24, vip: 10.1.0.5}}"
TWO = "{management: {cidr: 10.1.0.0/24, vip: 10.1.0.5}, public: {cidr: 192.0.2.0/24, vip: 192.0.2.9}}"
NAMES = "{internal_name: api.int.example.org, public_name: cloud.example.org}"


def named(networks: str, api: str, controllers: int = 3) -> Cloud:
    return cloud(f"name: t\nnetworks: {networks}\nmachines: {{controller: {controllers}}}\napi: {api}\n")


def told(networks: str, api: str, controllers: int = 3) -> list[str]:
    with pytest.raises(InputError) as raised:
        named(networks, api, controllers)
    return [f"{problem.where} {problem.reason}" for problem in raised.value.problems]


@pytest.mark.parametrize("networks", [ONE, TWO])
def test_clients_of_each_scope_use_their_own_name(networks: str) -> None:
    found = named(networks, NAMES)
    assert found.endpoint("keystone", "api", "internal")[0] == "api.int.example.org"
    assert found.endpoint("keystone", "api", "public")[0] == "cloud.example.org"


@pytest.mark.parametrize("networks", [ONE, TWO])
def test_every_name_is_in_the_certificates_of_the_virtual_ips(networks: str) -> None:
    for leaf in needs(named(networks, NAMES)).leaves:
        if "10.1.0.5" in leaf.addresses:
            assert {"api.int.example.org", "cloud.example.org"} <= set(leaf.names)


def test_without_names_the_only_virtual_ip_keeps_its_one() -> None:
    [vip] = named(ONE, "{}").virtual_ips
    assert vip.hostnames == ("internal.t.internal",)
    [vip] = named(ONE, "{public_name: cloud.example.org}").virtual_ips
    assert vip.hostnames == ("internal.t.internal", "cloud.example.org")
    [vip] = named(ONE, "{internal_name: api.example.org}").virtual_ips
    assert vip.hostnames == ("api.example.org",)


def test_a_name_that_would_be_two_things_is_refused() -> None:
    assert told(TWO, "{internal_name: a.example.org, public_name: a.example.org}") == [
        "api.public_name is the name of both virtual IPs"
    ]
    assert told(TWO, "{internal_name: public.t.internal}") == ["api.internal_name is the name of both virtual IPs"]
    assert told(ONE, "{public_name: ctl-2.t.internal}") == ["api.public_name is the name of ctl-2"]


def test_a_name_without_a_virtual_ip_is_refused() -> None:
    assert told("{management: {cidr: 10.1.0.0/24}}", NAMES, 1) == [
        "api.internal_name has no virtual IP to name",
        "api.public_name has no virtual IP to name",
    ]
