"""examples/own-stack: somebody else's app, run as somebody else would run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hacienda import terraform
from tests.constructs.conftest import ROOT

EXAMPLE = ROOT / "examples/own-stack"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example in a folder of its own, synthesized."""
    folder = tmp_path_factory.mktemp("own-stack") / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("cdktf.out", ".hacienda"))
    subprocess.run([sys.executable, "main.py"], cwd=folder, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return folder


def block(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / "cdktf.out/stacks/database/cdk.tf.json").read_text()))


def test_it_is_short() -> None:
    assert len((EXAMPLE / "main.py").read_text().splitlines()) <= 60


def test_it_holds_the_database_and_what_that_requires(project: Path) -> None:
    resources = block(project)["resource"]
    assert {kind: list(named) for kind, named in resources.items()} == {
        "hacienda_gate": ["controller"],
        "hacienda_incus_image": ["machine"],
        "hacienda_incus_instance": ["ctl-1", "ctl-2", "ctl-3"],
        "hacienda_incus_network": ["management"],
        "hacienda_member": ["ctl-1", "ctl-2", "ctl-3"],
    }
    promised = resources["hacienda_gate"]["controller"]["services"]
    assert promised == ["chrony", "etcd", "firewall", "galera", "haproxy", "host", "keepalived"]


def test_it_says_where_clients_find_the_database(project: Path) -> None:
    assert block(project)["output"]["endpoint"]["value"] == "10.78.0.10:3306"


def test_terraform_plans_it(project: Path) -> None:
    folder = project / "cdktf.out/stacks/database"
    program = terraform.find()
    program.run(["init", "-no-color"], folder)
    assert "9 to add" in program.run(["plan", "-no-color"], folder).output


def test_bad_props_end_in_exit_code_2_and_no_traceback(tmp_path: Path) -> None:
    text = (EXAMPLE / "main.py").read_text().replace('"10.78.0.10"', '"10.79.0.10"')
    (tmp_path / "main.py").write_text(text)
    done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "virtual IP virtual-ip: address" in done.stderr and "Traceback" not in done.stderr
