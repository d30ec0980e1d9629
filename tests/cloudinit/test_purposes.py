"""Each certificate is good for one purpose, so what a stolen key gives ends there. OpenSSL judges those of every shipped
environment."""

from __future__ import annotations

import functools
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from hacienda import cloud, secrets, services
from hacienda.cloud import Cloud
from hacienda.cloudinit import secrecy
from tests import shipped

GROUPS = {"galera", "rabbitmq", "haproxy-peers", "etcd-peers"}
"""Authorities of groups whose members connect to each other: their certificates serve as clients, too."""

KEYS = {
    "etcd": {"root", "etcd"},
    "etcd-peers": {"root", "etcd"},
    "etcd/client": {"root"},
    "galera": {"root", "mysql"},
    "galera/check": {"root"},
    "haproxy": {"root"},
    "haproxy-peers": {"root"},
    "keystone": {"root", "keystone"},
    "rabbitmq": {"root", "rabbitmq"},
}
"""Who can read the key of each kind of certificate: root, who starts the daemon, or besides the daemon's own user."""

FRONT = "haproxy"
"""The load balancers' leaf: the one that answers for every balanced service."""


@functools.cache
def read(path: Path) -> Cloud:
    return cloud.read(path, services.registry())


class Minted:
    """The certificates of an environment as files: one node for each kind of leaf does for all, the names are the store's."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.needs = secrecy.needs(read(path))
        store = secrets.open_store(str(folder / "store"))
        self.leaves = {leaf.name: leaf for leaf in reversed(self.needs.leaves)}
        secrets.mint(store, secrets.Needs(self.needs.environment, (), tuple(self.leaves.values())))
        self.certificates = {name: folder / f"{name.replace('/', '+')}.pem" for name in self.leaves}
        for name, file in self.certificates.items():
            file.write_bytes(store.get(f"x509/{name}/cert.pem", self.leaves[name].node))
        self.authorities = {leaf.authority: folder / f"ca-{leaf.authority}.pem" for leaf in self.leaves.values()}
        for purpose, file in self.authorities.items():
            file.write_bytes(store.get(f"x509/{purpose}/ca.pem"))

    def accepted(self, authority: str, *checks: str) -> set[str]:
        """Names of the leaves that OpenSSL takes for good, trusting an authority alone."""
        command = ["openssl", "verify", "-CAfile", str(self.authorities[authority]), *checks]
        said = subprocess.run([*command, *map(str, self.certificates.values())], capture_output=True, text=True)
        good = set(re.findall(r"^(.*): OK$", said.stdout, re.MULTILINE))
        return {name for name, file in self.certificates.items() if str(file) in good}


@pytest.fixture(scope="module")
def minted() -> Iterable[Mapping[Path, Minted]]:
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for number, path in enumerate(shipped.environments()):
            place = Path(folder) / str(number)
            place.mkdir()
            found[path] = Minted(path, place)
        yield found


@pytest.fixture(params=shipped.environments(), ids=lambda path: path.stem)
def environment(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_only_the_entrance_answers_as_the_api(minted: Mapping[Path, Minted], environment: Path) -> None:
    """Each authority in turn is what the client trusts: a name that a leaf does not have is refused by all of them."""
    found = minted[environment]
    for vip in read(environment).virtual_ips:
        names = (("-verify_ip", str(vip.address)), *(("-verify_hostname", name) for name in vip.hostnames))
        for authority in found.authorities:
            for check in names:
                answering = found.accepted(authority, "-purpose", "sslserver", *check)
                assert answering <= {FRONT}, f"{check[1]}: {answering}"


def test_the_entrance_answers_as_the_api(minted: Mapping[Path, Minted], environment: Path) -> None:
    vip = read(environment).virtual_ip("internal")
    if vip is not None:
        check = ("-purpose", "sslserver", "-verify_hostname", vip.hostname)
        assert minted[environment].accepted(FRONT, *check) == {FRONT}


def test_a_certificate_is_good_for_its_own_authority_alone(minted: Mapping[Path, Minted], environment: Path) -> None:
    found = minted[environment]
    for authority in found.authorities:
        assert found.accepted(authority) == {name for name in found.leaves if name.partition("/")[0] == authority}


def test_a_certificate_has_the_uses_that_it_needs(minted: Mapping[Path, Minted], environment: Path) -> None:
    found = minted[environment]
    for authority in found.authorities:
        leaves = {name: leaf for name, leaf in found.leaves.items() if leaf.authority == authority}
        servers, clients = (found.accepted(authority, "-purpose", f"ssl{end}") for end in ("server", "client"))
        assert servers == {name for name, leaf in leaves.items() if leaf.usage != "client"}
        assert clients == {name for name, leaf in leaves.items() if leaf.usage != "server"}
        # A group takes what may connect to it for a member.
        if authority in GROUPS:
            assert clients == {authority}


def test_a_leaf_names_its_own_machine_and_what_it_serves_as(environment: Path) -> None:
    resolved = read(environment)
    entrance = {name for vip in resolved.virtual_ips for name in (*vip.hostnames, str(vip.address))}
    own = {service.name: {resolved.own_name(service.name)} for service in resolved.services}
    for leaf in secrecy.needs(resolved).leaves:
        node = resolved.node(leaf.node)
        machine = {node.name, resolved.fqdn(node), str(resolved.address(node))}
        more = entrance if leaf.name == FRONT else own.get(leaf.name, set())
        assert {*leaf.names, *leaf.addresses} <= machine | more
        if leaf.usage == "client":
            assert not leaf.names
            assert not leaf.addresses


def test_a_key_is_read_by_its_daemon_alone() -> None:
    """A service that is not in KEYS gives its keys to one group besides root, whose members are its daemons alone."""
    users = {one.subject for service in services.registry() for one in service.assumptions if one.kind == "user"}
    users |= {user for service in services.registry() for user in service.users}
    for service in services.registry():
        for role in ("controller", "arbiter"):
            for declared in service.on(role).certificates:
                readers = KEYS.get(declared.name(service.name), {"root", *users})
                assert {"root", declared.group} <= readers


def test_a_new_authority_disturbs_those_alone_who_verify_by_it() -> None:
    """Each restart of Keystone is a moment for clients: it shows its leaf, and verifies nobody by the authority beside it."""
    actions = {
        declared.name(service.name): declared.on_change_of_authority
        for service in services.registry()
        for declared in service.certificates
    }
    # A restart of these asks for a lock of etcd's, or disturbs no client.
    assert {name for name, action in actions.items() if action == "restart"} == {
        "etcd",
        "etcd-peers",
        "etcd/gateway",
        "nova-compute",
    }
    assert {name for name, action in actions.items() if action == "reload"} == {"galera", "rabbitmq", "haproxy-peers"}
