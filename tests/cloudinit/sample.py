"""A small cloud of two made-up services, built by hand."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from hacienda import cloudinit
from hacienda.cloud.model import Cloud, Network, Node, Platform, Ssh, VirtualIp
from hacienda.declare import (
    Account,
    AccountKind,
    Certificate,
    Check,
    Frontend,
    Port,
    Registry,
    Script,
    Secret,
    SecretDirectory,
    SecretFile,
    Service,
    ServiceOptions,
    Template,
)

TEMPLATES = Path(__file__).parent / "templates"
DEPLOYER = "ssh-ed25519 AAAAC3Nz deployer"


class AlphaOptions(ServiceOptions):
    """Options of the made-up coordination service."""

    limit: int = 7
    """A number for the template."""


def _alpha_variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {"members": [member.name for member in cloud.members("alpha")]}


def _beta_facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {"greeting": "it's a 'quoted' $HOME", "sizes": (1, 2), "nothing": None, "yes": True}


def _five(cloud: Cloud, node: Node) -> int:
    return 5


alpha = Service(
    name="alpha",
    title="Alpha, the coordination",
    roles=("controller",),
    verify=Script("verify.sh"),
    provides=("coordination",),
    voters=True,
    packages=("alpha-server", "shared"),
    units=("alpha.service",),
    ports=(Port("client", 2379, clients="peers"),),
    files=(
        Template("/etc/alpha/alpha.conf", checker="alpha"),
        Certificate("/etc/alpha/tls"),
        Certificate("/etc/alpha/client", usage="client", role="client", on_change="none"),
        SecretFile("/etc/alpha/cookie", "alpha/cookie"),
    ),
    variables=_alpha_variables,
    options=AlphaOptions,
    secrets=(Secret("alpha/cookie"),),
    leave=Script("leave.sh"),
)
beta = Service(
    name="beta",
    title="Beta, the database",
    roles=("controller",),
    verify=Script("verify.sh"),
    requires=("coordination",),
    provides=("database",),
    packages=("beta", "shared"),
    units=("beta-helper.service", "beta.service"),
    ports=(Port("sql", 3306, clients="internal"),),
    frontends=(Frontend("sql", Check("/"), capacity=_five),),
    files=(
        Template("/etc/beta/beta.conf", checker="beta", mode=0o640, on_change="reload"),
        SecretDirectory("/etc/beta/keys", "beta/keys"),
    ),
    facts=_beta_facts,
    secrets=(Secret("beta/keys", "fernet-keys"), Secret("beta/admin"), Secret("beta/owner", reconciled=True)),
    accounts=(Account("database", "beta", connections=_five),),
    hands_out=(AccountKind("database", takes=("connections",)),),
    bootstrap=Script("bootstrap.sh"),
    join=Script("join.sh"),
    reconcile=Script("reconcile.sh"),
    scripts=(Script("watch.sh", on_change="reload"),),
)
gamma = Service(
    name="gamma",
    title="Gamma, on every machine",
    roles=("every",),
    verify=Script("verify.sh"),
    requires=("database",),
    accounts=(Account("database", "gamma", connections=_five),),
)


def node(name: str, role: Any, number: int, last: int, *services: str) -> Node:
    """A machine on the management network."""
    address = IPv4Address(f"10.9.0.{last}")
    return Node(name, role, number, {"management": address}, services, str(address))


def cloud(**changes: Any) -> Cloud:
    """Three controllers and a compute; `changes` are fields of Cloud."""
    network = IPv4Network("10.9.0.0/24")
    controllers = tuple(node(f"ctl-{n}", "controller", n, 10 + n, "alpha", "beta", "gamma") for n in (1, 2, 3))
    made = Cloud(
        name="sample",
        domain="sample.internal",
        region="RegionOne",
        release="epoxy",
        operating_system="debian-13",
        platform=Platform("incus", containers=True),
        networks=(
            Network(
                "management",
                network,
                frozenset({"management"}),
                (network[10], network[250]),
                gateway=network[1],
            ),
        ),
        virtual_ips=(
            VirtualIp("management", network[10], "management", 10, "internal.sample.internal", ("internal", "public")),
        ),
        nodes=(*controllers, node("cmp-1", "compute", 1, 101, "gamma")),
        options={"alpha": AlphaOptions(), "beta": ServiceOptions(), "gamma": ServiceOptions()},
        registry=Registry((alpha, beta, gamma)),
        ssh=Ssh("root", 22, ()),
        time_servers=(),
        name_servers=(),
        availability_target=0.999,
        certificate_days=90,
    )
    return replace(made, **changes)


def render(name: str = "ctl-1", **changes: Any) -> cloudinit.NodeOutput:
    """One node's output."""
    return _unchanged(name) if not changes else _render(name, cloud(**changes))


@functools.cache
def _unchanged(name: str) -> cloudinit.NodeOutput:
    return _render(name, cloud())


def _render(name: str, made: Cloud) -> cloudinit.NodeOutput:
    return cloudinit.render(made, made.node(name), DEPLOYER, TEMPLATES)
