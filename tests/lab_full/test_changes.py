"""Machines of every role are replaced, added and taken out while a tenant works."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda.cloud.model import STACKS
from hacienda.declare import Role
from tests.lab.clients import Publisher, SqlWriter
from tests.lab.cloud import RESOURCE, Lab
from tests.lab_full.tenancy import Tenancy, at_work
from tests.lab_full.test_drills import GOES_ON_WITHIN, measured, whole

pytestmark = pytest.mark.long


@pytest.fixture
def changed(healthy: Lab) -> Iterator[Path]:
    """The environment file, to be changed by a test and put back, applied, after it."""
    path = healthy.root / f"environments/{healthy.environment}.yaml"
    before = path.read_text()
    yield path
    path.write_text(before)
    healthy.hacienda("apply", healthy.environment, "--yes")


@pytest.mark.parametrize("role", ["controller", "network", "storage", "compute"])
def test_a_machine_is_replaced_by_plain_terraform(
    healthy: Lab, tenancy: Tenancy, writer: SqlWriter, publisher: Publisher, role: Role
) -> None:
    """Not the one with the instance: a compute's guests are the operator's to move (docs/howto/replace-a-machine.md)."""
    used = {tenancy.host(), *healthy.holders()}
    victim = next(node.name for node in healthy.cloud().role(role) if node.name not in used)
    before = healthy.created()
    with at_work(tenancy, writer, publisher, healthy.apis()) as work:
        began = time.monotonic()
        done = healthy.terraform(STACKS[role], "apply", "-auto-approve", "-no-color", f"-replace={RESOURCE}.{victim}")
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        healthy.note(f"{role} replaced", time.monotonic() - began)
        work.all_go_on(GOES_ON_WITHIN)
    after = healthy.created()
    assert {node for node in before if before[node] != after[node]} == {victim}
    measured(healthy, f"{role} replaced", work)
    whole(healthy, f"{role} replaced", tenancy, writer, publisher, work)
    healthy.apply_changes_nothing()


@pytest.mark.parametrize("role", ["storage", "compute"])
def test_a_machine_comes_and_leaves_and_nobody_elses_files_change(
    healthy: Lab, tenancy: Tenancy, writer: SqlWriter, publisher: Publisher, changed: Path, role: Role
) -> None:
    before = changed.read_text()
    count = len(healthy.cloud().role(role))
    known = {node.name for node in healthy.cloud().nodes}
    changed.write_text(re.sub(rf"^(  {role}): \d+$", rf"\1: {count + 1}", before, flags=re.M))
    plan = json.loads(healthy.hacienda("plan", healthy.environment, "--json").stdout)
    assert {
        node: change["files"] for node, change in plan["members"].items() if node in known and change["files"]
    } == {}
    with at_work(tenancy, writer, publisher, healthy.apis()) as work:
        for what, text in (("added", changed.read_text()), ("taken out", before)):
            changed.write_text(text)
            began = time.monotonic()
            healthy.hacienda("apply", healthy.environment, "--yes", timeout=1800)
            healthy.note(f"{role} {what}", time.monotonic() - began)
            work.all_go_on(GOES_ON_WITHIN)
    assert set(healthy.created()) == known
    measured(healthy, f"{role} added and taken out", work)
    whole(healthy, f"{role} added and taken out", tenancy, writer, publisher, work)
