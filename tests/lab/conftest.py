"""The lab lane: a real cloud on this machine, brought up by the same commands an operator types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.clients import Keystone, Publisher, SqlWriter
from tests.lab.cloud import FIGURES, Lab

ROOT = Path(__file__).parents[2]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("measured in the lab")
    for environment, figures in FIGURES.items():
        width = max(map(len, figures))
        for what, seconds in figures.items():
            terminalreporter.write_line(f"{environment}: {what:<{width}}  {seconds:7.1f} s")


@pytest.fixture(scope="session")
def warm_provider() -> None:
    """Here the provider starts as it does for an operator."""


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab of environments/lab.yaml, brought up once; `make lab-down` removes it."""
    lab = Lab(ROOT)
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
    """A client that writes through the virtual IP."""
    return healthy.sql_writer()


@pytest.fixture
def publisher(healthy: Lab) -> Publisher:
    """A client that publishes to a queue of its own."""
    return healthy.publisher()


@pytest.fixture
def keystone(healthy: Lab) -> Keystone:
    """A client that issues tokens through the virtual IP."""
    return healthy.keystone()
