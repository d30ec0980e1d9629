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
from tests.provider import terraform

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


NOWHERE = "127.0.0.1:1"
"""Nobody listens there: a back end whose options Terraform accepts gets as far as being refused the connection."""
UNREACHABLE = [
    ("pg", {}, {"PG_CONN_STR": f"postgres://{NOWHERE}/x?sslmode=disable"}),
    ("consul", {"address": NOWHERE, "scheme": "http", "path": "clouds"}, {}),
    (
        "s3",
        {"bucket": "clouds", "region": "eu-central-1", "use_path_style": True, "max_retries": 1}
        | dict.fromkeys(("skip_credentials_validation", "skip_requesting_account_id", "skip_metadata_api_check"), True),
        {"AWS_ENDPOINT_URL_S3": f"http://{NOWHERE}", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"},
    ),
]


def synthesized(folder: Path, kind: str, options: dict[str, Any]) -> Path:
    """The folder of a stack with nothing but a state."""
    app = cdk.App(outdir=str(folder))
    stack = cdk.Stack(app, "lab-compute")
    add_backend(stack, "lab-compute", StateBackend(kind, options), Places(folder, folder / "cdktf.out", "lab"))
    app.synth()
    return folder / "stacks/lab-compute"


@pytest.mark.parametrize(("kind", "options", "expected"), CASES)
def test_every_stack_has_its_own_place(
    tmp_path: Path, kind: str, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    block = json.loads((synthesized(tmp_path, kind, options) / "cdk.tf.json").read_text())
    assert block["terraform"]["backend"] == {kind: expected}


@pytest.mark.parametrize(("kind", "options", "variables"), UNREACHABLE)
def test_terraform_knows_the_options(
    tmp_path: Path, kind: str, options: dict[str, Any], variables: dict[str, str]
) -> None:
    """`terraform init` alone looks at them, before it connects: neither `validate` nor `init -backend=false` does."""
    folder = synthesized(tmp_path, kind, options)
    ran = terraform.run(folder, "init", "-no-color", "-input=false", extra=variables)
    assert f"dial tcp {NOWHERE}: connect: connection refused" in ran.flat
    folder = synthesized(tmp_path / "wrong", kind, {**options, "nonsense": 1})
    ran = terraform.run(folder, "init", "-no-color", "-input=false", extra=variables)
    assert 'No argument or block type is named "nonsense"' in ran.flat
