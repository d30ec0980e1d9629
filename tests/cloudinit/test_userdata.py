"""User-data: who may log in and what the machine is called, no more."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from hacienda.cloud.model import Platform, Ssh
from hacienda.errors import InputError
from tests.cloudinit import sample


def user_data(**changes: Any) -> Any:
    text = sample.render(**changes).user_data
    assert text.startswith("#cloud-config\n")
    return YAML(typ="safe").load(text)


def test_root_takes_the_deployers_and_the_operators_keys() -> None:
    found = user_data(ssh=Ssh("root", 22, ("ssh-ed25519 BBBB me: 'quoted' # not a comment\n",)))
    assert found["disable_root"] is False
    keys = ["ssh-ed25519 AAAAC3Nz deployer", "ssh-ed25519 BBBB me: 'quoted' # not a comment"]
    assert found["users"] == [{"name": "root", "ssh_authorized_keys": keys}]


def test_another_user_becomes_root_by_sudo_and_root_stays_closed() -> None:
    found = user_data(ssh=Ssh("operator", 22, ()))
    assert found["disable_root"] is True
    user = found["users"][0]
    assert (user["name"], user["sudo"], user["lock_passwd"]) == ("operator", "ALL=(ALL) NOPASSWD:ALL", True)


def test_names() -> None:
    found = user_data()
    assert (found["hostname"], found["fqdn"]) == ("ctl-1", "ctl-1.sample.internal")


def test_neither_secrets_nor_the_cluster_are_in_it() -> None:
    text = sample.render("ctl-1").user_data
    assert "secret" not in text
    assert "ctl-2" not in text
    assert "10.9.0" not in text


def test_a_platforms_size_limit_is_an_input_error() -> None:
    keys = tuple(f"ssh-ed25519 {'A' * 900} operator-{number}" for number in range(60))
    with pytest.raises(InputError, match="openstack takes 65535"):
        sample.render(ssh=Ssh("root", 22, keys), platform=Platform("openstack", containers=False))
    assert len(sample.render(ssh=Ssh("root", 22, keys)).user_data) > 50_000
