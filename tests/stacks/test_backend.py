"""Remote state: every stack has a place of its own, derived from its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hacienda import cdk
from hacienda.cloud.model import StateBackend
from hacienda.constructs import Places
from hacienda.stacks.backend import add_backend

CASES = [
    ("s3", {"bucket": "b", "region": "r"}, {"bucket": "b", "region": "r", "key": "hacienda/lab-compute.tfstate"}),
    ("s3", {"bucket": "b", "key": "one"}, {"bucket": "b", "key": "one/lab-compute.tfstate"}),
    ("pg", {}, {"schema_name": "hacienda_lab_compute"}),
    ("consul", {"address": "consul:8500"}, {"address": "consul:8500", "path": "hacienda/lab-compute"}),
    (
        "http",
        {"address": "https://state/", "lock_address": "https://lock", "retry_max": 3},
        {"address": "https://state/lab-compute", "lock_address": "https://lock/lab-compute", "retry_max": 3},
    ),
    ("local", {"path": "state"}, {"path": "../../../state/lab-compute.tfstate"}),
    ("local", {"path": "/srv/state"}, {"path": "/srv/state/lab-compute.tfstate"}),
]


@pytest.mark.parametrize(("kind", "options", "expected"), CASES)
def test_every_stack_has_its_own_place(
    tmp_path: Path, kind: str, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    app = cdk.App(outdir=str(tmp_path))
    stack = cdk.Stack(app, "lab-compute")
    places = Places(tmp_path, tmp_path / "cdktf.out", "lab")
    add_backend(stack, "lab-compute", StateBackend(kind, options), places)
    app.synth()
    block = json.loads((tmp_path / "stacks/lab-compute/cdk.tf.json").read_text())
    assert block["terraform"]["backend"] == {kind: expected}
