"""What the environment's store must hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hacienda import cloudinit
from hacienda.cloudinit import facts
from hacienda.declare import Certificate, DeclarationError, Registry
from tests.cloudinit import sample


def test_shared_secrets_are_those_declared_and_a_password_per_consumer() -> None:
    needs = cloudinit.needs(sample.cloud())
    kinds = {secret.name: secret.kind for secret in needs.secrets}
    assert kinds == {
        "alpha/cookie": "token",
        "beta/admin": "token",
        "beta/keys": "fernet-keys",
        "beta/owner": "token",
        "database/beta": "token",
        "database/gamma": "token",
    }
    assert (needs.environment, needs.certificate_days) == ("sample", 90)


def test_leaf_names_the_node_alone() -> None:
    leaves = {(leaf.node, leaf.name): leaf for leaf in cloudinit.needs(sample.cloud()).leaves}
    assert set(leaves) == {(f"ctl-{number}", name) for number in (1, 2, 3) for name in ("alpha", "alpha/client")}
    assert leaves["ctl-2", "alpha"].names == ("ctl-2.sample.internal", "ctl-2")
    assert leaves["ctl-2", "alpha"].addresses == ("10.9.0.12",)
    assert leaves["ctl-2", "alpha"].usage == "server"


def test_leaf_of_a_client_names_no_machine() -> None:
    leaf = next(leaf for leaf in cloudinit.needs(sample.cloud()).leaves if leaf.name == "alpha/client")
    assert (leaf.names, leaf.addresses, leaf.usage, leaf.authority) == ((), (), "client", "alpha")


def test_coordination_without_a_certificate_for_clients_is_refused() -> None:
    bare = replace(sample.alpha, files=(Certificate("/etc/alpha/tls"),))
    cloud = sample.cloud(registry=Registry((bare, sample.beta, sample.gamma)))
    with pytest.raises(DeclarationError, match="no certificate for clients"):
        facts.node_file(cloud, cloud.node("ctl-1"))


def test_leaf_behind_the_virtual_ip_names_it_too() -> None:
    front = replace(sample.alpha, files=(Certificate("/etc/alpha/tls", virtual_ips=True),))
    leaves = cloudinit.needs(sample.cloud(registry=Registry((front, sample.beta, sample.gamma)))).leaves
    assert leaves[0].names == ("ctl-1.sample.internal", "ctl-1", "internal.sample.internal")
    assert leaves[0].addresses == ("10.9.0.11", "10.9.0.10")


def test_every_secret_of_a_node_is_in_the_store_or_a_leaf_of_its_own() -> None:
    needs = cloudinit.needs(sample.cloud())
    for name in ("ctl-1", "cmp-1"):
        leaves = {f"x509/{leaf.name}/{part}.pem" for leaf in needs.leaves for part in ("ca", "cert", "key", "bundle")}
        assert set(sample.render(name).secret_names) <= leaves | {secret.name for secret in needs.secrets}
