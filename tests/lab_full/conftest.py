"""The lane of `lab-full`: every role in containers of this machine, a tenant's instance that is at work, and machines that die."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloud import read
from tests.lab.clients import SqlWriter
from tests.lab.cloud import Lab
from tests.lab.conftest import pytest_terminal_summary, warm_provider
from tests.lab_full.tenancy import Tenancy, lived_in

__all__ = ["pytest_terminal_summary", "warm_provider"]

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "lab-full"


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab of environments/lab-full.yaml, brought up once; `hacienda lab down lab-full` removes it."""
    cloud = read(ROOT / f"environments/{ENVIRONMENT}.yaml", services.registry())
    (vip,) = {str(one.address) for one in cloud.virtual_ips}
    lab = Lab(ROOT, ENVIRONMENT, vip, tuple(node.name for node in cloud.role("controller")))
    lab.up()
    yield lab
    lab.report()


@pytest.fixture
def healthy(lab: Lab) -> Lab:
    """The lab, every promise of it kept; each drill starts and ends here."""
    lab.wait_until_healthy()
    return lab


@pytest.fixture
def writer(healthy: Lab) -> SqlWriter:
    """A client that writes to the database through the virtual IP."""
    return healthy.sql_writer()


@pytest.fixture(scope="module")
def tenancy(lab: Lab) -> Iterator[Tenancy]:
    """A tenant with an instance that answers at its floating IP and has a volume."""
    lab.wait_until_healthy()
    with lived_in(lab) as tenancy:
        yield tenancy
