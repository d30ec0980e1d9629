"""A small composition with every shape of service, and environments written as text."""

from __future__ import annotations

import functools
from textwrap import dedent
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hacienda.cloud import Cloud, resolve
from hacienda.declare import Check, Frontend, NoTimer, Port, Registry, Script, Service, ServiceOptions
from hacienda.declare.timer import EVERY
from hacienda.environment import Environment, examine
from hacienda.environment.source import Source, parse
from hacienda.errors import InputError

VERIFY = Script("verify.sh")
UNTIMED = (NoTimer(EVERY, "made up for tests"),)


class Timeouts(BaseModel):
    """Seconds until the balancer gives up."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    connect: int = 5
    """Towards a backend."""


class ProgramOptions(ServiceOptions):
    """Options of a service whose program takes more than Hacienda sets."""

    overrides: dict[str, object] = Field(default_factory=dict)
    """Options of the program, as the shipped environments write them."""


class BalancerOptions(ProgramOptions):
    """Options of the balancer."""

    connections: int = 4096
    """Connections at a time."""
    timeouts: Timeouts = Timeouts()
    """Time-outs."""
    statistics: bool = True
    """Whether the statistics page is on."""


SERVICES = (
    Service("chrony", "Clock", ("every",), VERIFY),
    Service(
        "etcd",
        "Truths",
        ("controller", "arbiter"),
        VERIFY,
        provides=("coordination",),
        voters=True,
        timers=UNTIMED,
    ),
    Service(
        "haproxy",
        "Load balancer",
        ("controller",),
        VERIFY,
        requires=("virtual ip",),
        provides=("load balancer",),
        options=BalancerOptions,
        timers=UNTIMED,
    ),
    Service("keepalived", "Virtual IP", ("controller",), VERIFY, provides=("virtual ip",), timers=UNTIMED),
    Service(
        "galera",
        "Database",
        ("controller",),
        VERIFY,
        requires=("coordination",),
        provides=("database",),
        options=ProgramOptions,
        voters=True,
        timers=UNTIMED,
    ),
    Service(
        "keystone",
        "Identity",
        ("controller",),
        VERIFY,
        requires=("database", "load balancer"),
        options=ProgramOptions,
        ports=(Port("api", 5000, "internal"),),
        frontends=(Frontend("api", Check("/healthcheck"), scopes=("internal", "public"), capacity=lambda *_: 8),),
        timers=UNTIMED,
    ),
    Service("hypervisor", "Hypervisor", ("compute",), VERIFY),
    Service("gateway", "Router", ("network",), VERIFY),
    Service("metrics", "Metrics", ("monitoring",), VERIFY, requires=("instance network",)),
    Service("exporter", "Exporter", ("compute",), VERIFY, provides=("instance network",)),
)
REGISTRY = Registry(SERVICES, left_out=("firewall", "host", "memcached", "rabbitmq"))
SHIPPED_REGISTRY = Registry(
    (*SERVICES, Service("rabbitmq", "Bus", ("controller",), VERIFY, options=ProgramOptions, timers=UNTIMED)),
    left_out=("firewall", "host", "memcached"),
)
"""Knows every service that the shipped environments have options of."""

LAB = """
    name: lab
    networks:
      management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
    machines:
      controller: 3
"""


@functools.cache
def parsed(text: str, name: str = "test.yaml") -> tuple[dict[str, Any], Source]:
    """A text as YAML: most of what an environment costs, and tests ask for the same ones again and again."""
    return parse(dedent(text).encode(), name)


def environment(text: str, registry: Registry = REGISTRY) -> Environment:
    """The environment of a text. Raises InputError."""
    reading = examine(*parsed(text), registry)
    if reading.problems:
        raise InputError(reading.problems)
    return reading.environment


def cloud(text: str, registry: Registry = REGISTRY) -> Cloud:
    """The cloud of a text. Raises InputError."""
    return resolve(environment(text, registry), registry)


def machines(text: str, network: str = "cidr: 10.77.0.0/24, vip: 10.77.0.10", more: str = "") -> Cloud:
    """The cloud of a block of machine groups."""
    groups = "".join(f"\n  {line}" for line in dedent(text).strip().splitlines())
    return cloud(f"name: test\n{dedent(more)}\nnetworks:\n  management: {{{network}}}\nmachines:{groups}\n")
