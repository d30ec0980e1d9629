"""Wrong passwords lock the account of a person, and never one whose password Hacienda makes."""

from __future__ import annotations

import urllib.error

from hacienda.services.keystone import KeystoneOptions
from tests.lab.clients import Keystone
from tests.lab.cloud import Lab
from tests.lab.test_rotation import Site

LIMIT = KeystoneOptions().lockout_failures
PROBE = "hacienda-probe"


def logs_in(client: Keystone) -> bool:
    """Whether Keystone accepts this client's password."""
    try:
        client.issue()
    except urllib.error.HTTPError as error:
        assert error.code == 401, error
        return False
    return True


def guess(lab: Lab, name: str) -> None:
    """Try a wrong password once more often than locks an account."""
    client = Keystone(f"https://{lab.vip}:5000", name, "wrong", lab.ca())
    assert [logs_in(client) for _ in range(LIMIT + 1)] == [False] * (LIMIT + 1)


def test_a_person_is_locked_out_and_the_accounts_of_the_cloud_are_not(healthy: Lab) -> None:
    person = Site(healthy)
    assert logs_in(person.drill)
    for name in (person.name, "admin", PROBE):
        guess(healthy, name)
    assert not logs_in(person.drill), "an account stays open to guesses"
    assert logs_in(person.keystone), "a stranger locked the administrator out"
    for node in healthy.nodes:
        healthy.on(node, "hacienda-verify", "keystone")
    admin = person.keystone.issue()
    person.keystone.request("PATCH", f"/users/{person.user}", admin, {"user": {"enabled": True}})
    assert logs_in(person.drill), "the administrator cannot unlock an account"
