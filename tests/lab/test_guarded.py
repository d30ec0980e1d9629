"""A change that replaces every controller: refused at once, carried out one by one, while a client writes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.clients import Client, SqlWriter
from tests.lab.cloud import CONTROLLERS, Lab

REPLACING = 900
"""Seconds for three controllers, one after another; one takes 75 s on two cores."""


@pytest.fixture
def another_key(healthy: Lab, tmp_path: Path) -> Iterator[Path]:
    """The lab with one more operator's key, which only a first boot reads: every machine is outdated. Put back afterwards."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "operator", "-f", str(key)], check=True)
    path = healthy.root / "environments/lab.yaml"
    before = path.read_text()
    path.write_text(f"{before}\nssh: {{keys: [{key.with_suffix('.pub').read_text().strip()!r}]}}\n")
    yield key
    path.write_text(before)
    healthy.hacienda("apply", "lab", "--yes")


@pytest.mark.long  # one is replaced in test_changes.py; all, on machines that are folders, in tests/cli/test_guarded.py
def test_all_three_controllers_are_replaced_one_by_one(healthy: Lab, another_key: Path, writer: SqlWriter) -> None:
    before = healthy.created()
    plan = healthy.hacienda("plan", "lab", "--outdated", "--json", check=False)
    assert plan.returncode == 4, plan.stdout + plan.stderr
    told = json.loads(plan.stdout)["guard"]
    assert told["refused"] and told["feasible"]
    assert healthy.created() == before, "a plan touches nothing"
    with Client(writer, limit=REPLACING) as client:
        assert client.wait_for_more(20, 20)
        began = time.monotonic()
        done = healthy.hacienda("apply", "lab", "--outdated", "--yes", timeout=REPLACING)
        took = time.monotonic() - began
        assert client.wait_for_more(20, 30), client.felt.failures[-3:]
    sys.stdout.write(done.stderr)
    after = healthy.created()
    assert all(before[node] != after[node] for node in CONTROLLERS)
    assert done.stderr.count("lab-controller: step") == 3
    lost = set(client.felt.acknowledged) - writer.rows()
    assert not lost, f"acknowledged and lost: {sorted(lost)[:10]}"
    healthy.note("all three controllers replaced, one by one", took)
    healthy.note("all three controllers replaced: longest write outage", client.felt.outage())
    print(
        f"measured: {len(client.felt.acknowledged)} writes acknowledged, none lost; {len(client.felt.failures)} failed"
    )
    healthy.wait_until_healthy()
    healthy.apply_changes_nothing()


@pytest.mark.long
def test_a_dead_controller_is_replaced(healthy: Lab, writer: SqlWriter) -> None:
    victim = healthy.holders()[0]
    before = healthy.created()
    with Client(writer, limit=REPLACING) as client:
        assert client.wait_for_more(20, 20)
        healthy.power_cut(victim)
        began = time.monotonic()
        healthy.hacienda("apply", "lab", "--yes", f"--replace={victim}", timeout=REPLACING)
        took = time.monotonic() - began
        assert client.wait_for_more(20, 30), client.felt.failures[-3:]
    after = healthy.created()
    assert {node for node in CONTROLLERS if before[node] != after[node]} == {victim}
    assert set(client.felt.acknowledged) <= writer.rows()
    healthy.note("a dead controller replaced", took)
    healthy.note("a dead controller replaced: longest write outage", client.felt.outage())
    healthy.wait_until_healthy()
    healthy.apply_changes_nothing()


@pytest.mark.long
def test_a_killed_replacement_of_all_goes_on_where_it_was(healthy: Lab, writer: SqlWriter) -> None:
    before = healthy.created()
    apply = subprocess.Popen(
        [sys.executable, "-m", "hacienda.cli", "apply", "lab", "--yes", *(f"--replace={n}" for n in CONTROLLERS)],
        cwd=healthy.root,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert apply.stderr is not None
    with Client(writer, limit=2 * REPLACING) as client:
        assert any("step 2 of 3" in line for line in apply.stderr), "it ended too early"
        time.sleep(15)
        apply.kill()
        apply.stderr.close()
        apply.wait(timeout=120)
        halfway = healthy.created()
        healthy.hacienda("apply", "lab", "--yes", timeout=REPLACING)
        assert client.wait_for_more(20, 30), client.felt.failures[-3:]
    after = healthy.created()
    assert all(before[node] != after[node] for node in CONTROLLERS)
    once = {node for node in CONTROLLERS if before[node] != halfway.get(node) == after[node]}
    assert once, "those that were done are not done again"
    assert set(client.felt.acknowledged) <= writer.rows()
    healthy.note("killed while replacing all, and run again: longest write outage", client.felt.outage())
    healthy.wait_until_healthy()
    healthy.apply_changes_nothing()
