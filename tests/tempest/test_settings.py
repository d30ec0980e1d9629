"""tempest.conf says what the cloud has, and where."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloud import read
from tests.tempest import settings

ROOT = Path(__file__).parents[2]
LENT = settings.Lent(
    auth_url="https://internal.example:5000/v3",
    user="somebody",
    project="something",
    password="not-a-real-one",
    image="image-id",
    flavors=("first", "second"),
    network="network-id",
    network_name="outside",
    extensions=("router", "external-net"),
)


def rendered(environment: str) -> ConfigParser:
    cloud = read(ROOT / f"environments/{environment}.yaml", services.registry())
    parser = ConfigParser(interpolation=None, default_section="")
    parser.read_string(settings.render(cloud, LENT))
    return parser


@pytest.mark.parametrize(
    ("environment", "has"),
    [("lab-full", {"cinder", "glance", "neutron", "nova"}), ("lab", set())],
)
def test_what_the_catalogue_lacks_is_not_available(environment: str, has: set[str]) -> None:
    found = rendered(environment)
    assert {name for name, says in found["service_available"].items() if says == "true"} == has
    assert set(found["service_available"]) == set(settings.SERVICES.values())


def test_every_service_is_found_by_its_type_in_the_catalogue() -> None:
    found = rendered("lab-full")
    assert {name: found[name]["catalog_type"] for name in found if "catalog_type" in found[name]} == {
        "compute": "compute",
        "identity": "identity",
        "image": "image",
        "network": "network",
        "placement": "placement",
        "volume": "block-storage",
    }


def test_there_are_as_many_computes_as_in_the_environment() -> None:
    assert rendered("lab-full")["compute"]["min_compute_nodes"] == "2"


def test_it_signs_in_as_the_runs_own_administrator_and_trusts_the_environments_authority() -> None:
    found = rendered("lab-full")
    assert found["auth"]["admin_username"] == "somebody"
    assert found["auth"]["admin_password"] == "not-a-real-one"
    assert found["identity"]["uri_v3"] == "https://internal.example:5000/v3"
    assert found["identity"]["ca_certificates_file"] == settings.AUTHORITIES
    assert found["network-feature-enabled"]["api_extensions"] == "external-net,router"


def test_the_password_is_not_shown_with_what_was_lent() -> None:
    assert LENT.password not in repr(LENT)
