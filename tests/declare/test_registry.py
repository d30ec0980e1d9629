"""A registry refuses declarations that contradict each other, and orders the rest."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from hacienda.declare import (
    Account,
    AccountKind,
    Check,
    DeclarationError,
    Frontend,
    Port,
    Registry,
    Script,
    Service,
    Station,
    Template,
    Timer,
    TrustAnchor,
)
from hacienda.declare.network import Clients


def service(name: str, **declared: Any) -> Service:
    return Service(name=name, title=name, verify=Script("verify.sh"), **{"roles": ("controller",), **declared})


def test_what_a_service_requires_or_comes_after_starts_before_it() -> None:
    registry = Registry(
        (
            service("api", requires=("database",), after=("clock", "elsewhere")),
            service("clock"),
            service("store", provides=("database",), after=("clock",)),
        ),
        left_out=("elsewhere",),
    )
    assert registry.names() == ("clock", "store", "api")
    assert registry.before("api") == ("clock", "store")
    assert registry.provider("database").name == "store"


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ((service("one"), service("one")), "two services have the same name"),
        (
            (service("one", provides=("cache",)), service("two", provides=("cache",))),
            "'cache': one and two both provide it",
        ),
        ((service("one", requires=("cache",)),), "one requires 'cache', which nothing provides"),
        ((service("one", after=("two",)), service("two", after=("one",))), "services wait for each other: "),
        (
            (service("one", ports=(Port("a", 80, "public"),)), service("two", ports=(Port("b", 80, "public"),))),
            "tcp port 80: one and two",
        ),
    ],
    ids=["name", "capability", "requirement", "cycle", "port"],
)
def test_contradictions_are_refused(declared: tuple[Service, ...], reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        Registry(declared)


def test_a_front_end_is_one_of_a_declared_port() -> None:
    with pytest.raises(DeclarationError, match="one: a front end names the port 'sql'"):
        Registry((service("one", frontends=(Frontend("sql", Check("/")),)),))


@pytest.mark.parametrize("clients", ["users", "operator", "public"])
def test_scopes_say_who_reaches_what_is_balanced(clients: Clients) -> None:
    front = Frontend("api", Check("/"), capacity=lambda cloud, node: 1)
    with pytest.raises(DeclarationError, match=f"the port 'api' is balanced and has the clients '{clients}'"):
        Registry((service("one", ports=(Port("api", 80, clients),), frontends=(front,)),))


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"bootstrap": Script("bootstrap.sh")}, "bootstrap"),
        ({"migrate": Script("migrate.sh")}, "migrate"),
        ({"reconcile": Script("reconcile.sh")}, "reconcile"),
        ({"voters": True}, "voters"),
    ],
)
def test_what_takes_a_claim_runs_where_claims_can_be_made(declared: dict[str, Any], reason: str) -> None:
    """Computes are no members of the coordination service, and have no certificate for it either."""
    claims = service("claims", provides=("coordination",))
    where = "agent: runs on machines of the role 'compute' and declares"
    with pytest.raises(DeclarationError, match=f"{where} {reason}, which needs claims on the same machines"):
        Registry((claims, service("agent", **{"roles": ("compute",), **declared})))
    assert "agent" in Registry((claims, service("agent", **declared)))
    assert "agent" in Registry((claims, service("agent", roles=("compute", "network"))))


WANTING = service(
    "image",
    wants=("storage cluster",),
    files=(
        Template("/etc/image/ceph.conf", checker="ceph", only_with="storage cluster"),
        Template("/etc/image/image.conf", checker="oslo-config-validator"),
        TrustAnchor("/etc/image/storage", "storage cluster"),
    ),
    accounts=(Account("storage", "image", caps=(("osd", "profile rbd"),)),),
    stands_in=(
        Station("volume I/O", "own", needs=("storage cluster",), only_with="storage cluster"),
        Station("new instance", "any", needs=("storage cluster",)),
    ),
    timers=(Timer("mount", 20, "/etc/image/ceph.conf"), Timer("ask", 5, "/etc/image/image.conf")),
)
STORAGE = service(
    "storage",
    provides=("storage cluster",),
    hands_out=(AccountKind("storage", takes=("caps",), secret="ceph-key"),),
    reconcile=Script("reconcile.sh"),
)


def test_a_service_uses_what_it_wants_where_the_cloud_has_it() -> None:
    registry = Registry((WANTING, STORAGE))
    assert registry["image"] is WANTING
    assert registry.names() == ("storage", "image"), "what is wanted starts first"
    assert registry.account_kind("storage").password(WANTING.accounts[0]).kind == "ceph-key"


def test_what_belongs_to_a_wanted_capability_is_left_out_with_it() -> None:
    alone = Registry((WANTING, STORAGE)).only({"image"})["image"]
    assert [file.path for file in alone.files if isinstance(file, Template)] == ["/etc/image/image.conf"]
    assert not any(isinstance(file, TrustAnchor) for file in alone.files)
    assert not alone.accounts
    assert [timer.name for timer in alone.timers] == ["ask"]
    assert alone.stands_in == (Station("new instance", "any"),)
    assert not alone.wants


def test_a_file_is_for_a_capability_that_its_service_names() -> None:
    reason = "image: /etc/image/ceph.conf is for the capability 'storage cluster'; name it in `wants` or `requires`"
    with pytest.raises(DeclarationError, match=re.escape(reason)):
        Registry((dataclasses.replace(WANTING, wants=(), files=WANTING.files[:1], accounts=()),))


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        (Port("osd", 6800, "internal", last=6800), "the range of the port 'osd' ends at 6800, before it starts"),
        (Port("osd", 6800, "peers", network="storage"), "is on the network 'storage' and has the clients 'peers'"),
    ],
)
def test_a_range_of_ports_has_an_end_and_a_network_its_clients(port: Port, reason: str) -> None:
    with pytest.raises(DeclarationError, match=re.escape(reason)):
        Registry((service("one", ports=(port,)),))


def test_ranges_of_two_services_do_not_overlap() -> None:
    osd, other = Port("osd", 6800, "internal", last=7568), Port("api", 7000, "internal")
    with pytest.raises(DeclarationError, match="tcp port 7000: one and two both listen on it"):
        Registry((service("one", ports=(osd,)), service("two", ports=(other,))))
