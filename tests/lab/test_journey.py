"""The tenant's journey in a running cloud: every step is taken, and nothing is left behind.

The variable HACIENDA_JOURNEY names the environment. By default it is the lab's own, without instances: what they need is left out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hacienda.operate import Project
from hacienda.operate.journey import sweep
from tests.lab.cloud import Lab

ENVIRONMENT = os.environ.get("HACIENDA_JOURNEY", "lab")


@pytest.fixture
def place(lab: Lab) -> Lab:
    """The environment of the journey."""
    return lab if lab.environment == ENVIRONMENT else Lab(lab.root, ENVIRONMENT)


def listing(place: Lab) -> dict[str, list[str]]:
    """Names and identifiers of everything that tenants have, by kind."""
    from hacienda.operate.journey.access import Access

    project = Project(place.root)
    cloud = project.read(place.environment)
    with tempfile.TemporaryDirectory() as folder:
        admin = Access(cloud, project.store_of(cloud), Path(folder)).admin()
        return sweep.listing(cloud, admin)


def test_a_tenant_travels_and_leaves_nothing(place: Lab) -> None:
    before = listing(place)
    done = place.hacienda("verify", place.environment, "--json", check=False, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    for step in report["steps"]:
        place.note(f"journey, {step['step']}", step["seconds"])
    assert listing(place) == before


def test_a_killed_journey_is_removed_by_the_next(place: Lab) -> None:
    before = listing(place)
    command = [sys.executable, "-m", "hacienda.cli", "verify", place.environment]
    with subprocess.Popen(command, cwd=place.root, stderr=subprocess.PIPE, text=True) as killed:
        assert killed.stderr is not None
        for line in killed.stderr:
            if line.startswith("project and user: done"):
                break
        killed.send_signal(signal.SIGKILL)
    assert listing(place) != before
    place.hacienda("verify", place.environment, "--clean")
    assert listing(place) == before
