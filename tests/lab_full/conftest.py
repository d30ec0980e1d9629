"""The lane of the whole cloud: every role on this machine, and a tenant's instances in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda.operate import Project
from tests.lab.cloud import Lab
from tests.lab.conftest import pytest_terminal_summary, warm_provider

__all__ = ["pytest_terminal_summary", "warm_provider"]

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "lab-full"


@pytest.fixture(scope="session")
def full() -> Iterator[Lab]:
    """The cloud of environments/lab-full.yaml, brought up once; `hacienda lab down lab-full` removes it."""
    cloud = Project(ROOT).read(ENVIRONMENT)
    vip = cloud.virtual_ip("public")
    assert vip is not None
    full = Lab(ROOT, ENVIRONMENT, str(vip.address), tuple(node.name for node in cloud.nodes))
    full.up()
    yield full
    full.report()
