"""Shared by every lane: a skip that CI did not expect fails the run."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings

from tests import warm

# What `make test` takes; `make test-long` takes as many examples as CI's profile has.
settings.register_profile("quick", settings.get_profile("ci"), max_examples=20)

EXPECTED_SKIPS: frozenset[str] = frozenset()
"""Reasons that CI accepts. A test skips at run time, and says why."""

WITH_TERRAFORM = {"cli", "constructs", "provider", "review", "stacks", "warm"}
"""Folders whose tests start Terraform with the provider."""


class SkipGuard:
    """Collects skips and turns the run red in CI when one is not in EXPECTED_SKIPS."""

    def __init__(self) -> None:
        self.unexpected: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            if reason not in EXPECTED_SKIPS:
                self.unexpected.append(f"{report.nodeid}: {reason}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if os.environ.get("CI") and self.unexpected:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.unexpected if os.environ.get("CI") else ():
            terminalreporter.write_line(f"skip that CI does not expect: {line}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    # Shells start what runs in the background with SIGINT ignored, and every process that a test starts and interrupts would
    # inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.pluginmanager.register(SkipGuard())


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In a worker, end the measurement that pytest-cov 7.1 began when it was loaded. It begins another one for the worker, and only
    that one pauses and is saved: every line would be counted twice, and `no_cover` would have no effect."""
    plugin = session.config.pluginmanager.getplugin("_cov")
    if hasattr(session.config, "workerinput") and plugin is not None and plugin.cov_controller is not None:
        plugin.cov_controller.cov.stop()


@pytest.fixture(scope="session", autouse=True)
def warm_provider(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where HACIENDA_PYTHON says so, that is for every Terraform that a test starts, Python starts at once."""
    if not {item.path.relative_to(warm.ROOT / "tests").parts[0] for item in request.session.items} & WITH_TERRAFORM:
        yield
        return
    with (
        tempfile.TemporaryDirectory(prefix="warm-") as folder,
        warm.python(Path(folder)) as program,
        mock.patch.dict(os.environ, warm.GO | {"HACIENDA_PYTHON": str(program)}),
    ):
        yield
