"""A cloud of three fake controllers under real Terraform."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.provider.cloud import Cloud


@pytest.fixture(scope="session")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """Initialized once; tests work on copies."""
    return Cloud(tmp_path_factory.mktemp("declared"))


@pytest.fixture(scope="session")
def running(declared: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """Applied once; tests work on copies."""
    return declared.copy(tmp_path_factory.mktemp("running")).applied()


@pytest.fixture
def cloud(declared: Cloud, tmp_path: Path) -> Cloud:
    """Three declared controllers; nothing is applied yet."""
    return declared.copy(tmp_path)


@pytest.fixture
def applied(running: Cloud, tmp_path: Path) -> Cloud:
    """Three applied controllers."""
    return running.copy(tmp_path)
