"""The lane of `lab-full`: every role in containers of this machine, a tenant's instance that is at work, and machines that die."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloud import read
from tests.lab.cloud import Lab
from tests.lab.conftest import healthy, publisher, pytest_terminal_summary, warm_provider, writer
from tests.lab_full.tenancy import Tenancy, lived_in

__all__ = ["healthy", "publisher", "pytest_terminal_summary", "warm_provider", "writer"]

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "lab-full"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need no cloud come first: its machines take the processor for as long as they run."""
    items.sort(key=lambda item: "lab" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab of environments/lab-full.yaml, brought up once; `hacienda lab down lab-full` removes it."""
    cloud = read(ROOT / f"environments/{ENVIRONMENT}.yaml", services.registry())
    (vip,) = {str(one.address) for one in cloud.virtual_ips}
    lab = Lab(ROOT, ENVIRONMENT, vip, tuple(node.name for node in cloud.role("controller")))
    began = time.time()
    lab.up()
    for service, seconds in sorted(converged(lab, [node.name for node in cloud.nodes]).items(), key=lambda one: one[1]):
        if seconds > began:
            lab.note(f"lab up: {service} has converged everywhere after", seconds - began)
    yield lab
    lab.report()


def converged(lab: Lab, nodes: Sequence[str]) -> dict[str, float]:
    """Service -> when the last node ended its first convergence, in seconds since 1970."""
    found: dict[str, float] = {}
    show = "systemctl show --timestamp=unix --property=Id,ExecMainExitTimestamp 'hacienda-*.service'"
    for node in nodes:
        for block in lab.on(node, "sh", "-c", show).split("\n\n"):
            said = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
            service = said.get("Id", "").removeprefix("hacienda-").removesuffix(".service")
            when = said.get("ExecMainExitTimestamp", "").removeprefix("@")
            if service and when:
                found[service] = max(found.get(service, 0), float(when))
    return found


@pytest.fixture(scope="module")
def tenancy(lab: Lab) -> Iterator[Tenancy]:
    """A tenant with an instance that answers at its floating IP and has a volume."""
    lab.wait_until_healthy()
    with lived_in(lab) as tenancy:
        yield tenancy
