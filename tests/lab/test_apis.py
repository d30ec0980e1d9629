"""Every API of the catalogue answers through the virtual IP: to a token, and to nobody else."""

from __future__ import annotations

from http import HTTPStatus

from tests.lab.clients import Api
from tests.lab.cloud import Lab


def test_every_api_answers_to_a_token_through_the_virtual_ip(healthy: Lab) -> None:
    keystone, authorities = healthy.keystone(), healthy.ca().read_text()
    token, asked = keystone.issue(), healthy.apis()
    assert asked
    answered = {name: Api(url, token, authorities).status() for name, url in asked.items()}
    assert answered == dict.fromkeys(asked, HTTPStatus.OK)
    refused = {name: Api(url, "", authorities).status() for name, url in asked.items()}
    assert refused == dict.fromkeys(asked, HTTPStatus.UNAUTHORIZED)


def test_the_catalogue_names_every_api_at_the_virtual_ip(healthy: Lab) -> None:
    keystone = healthy.keystone()
    token = keystone.issue()
    services = {one["id"]: one["name"] for one in keystone.request("GET", "/services", token)["services"]}
    found: dict[str, set[str]] = {}
    for endpoint in keystone.request("GET", "/endpoints", token)["endpoints"]:
        found.setdefault(services[endpoint["service_id"]], set()).add(endpoint["interface"])
    assert found == {name: {"internal", "public"} for name in (*healthy.apis(), "keystone")}
