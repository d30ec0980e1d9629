"""main.py: the app that the CDK's command line runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import lanes

ROOT = Path(__file__).parents[1]


def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run main.py as the CDK's command line does, into a folder, without secrets."""
    extra = {"CDKTF_OUTDIR": str(folder / "out"), "HACIENDA_SECRETS": "none", **variables}
    kept = {key: value for key, value in os.environ.items() if key != "HACIENDA_ENV"}
    command = [sys.executable, str(ROOT / "main.py")]
    return subprocess.run(command, cwd=folder, env={**kept, **extra}, capture_output=True, text=True, check=False)


def stacks(folder: Path) -> list[str]:
    return sorted(json.loads((folder / "out/manifest.json").read_text())["stacks"])


def test_hacienda_env_selects_one_environment(tmp_path: Path) -> None:
    assert run(tmp_path, HACIENDA_ENV="lab").returncode == 0
    assert stacks(tmp_path) == ["lab-controller", "lab-network"]


def test_without_it_everything_in_environments_is_synthesized(tmp_path: Path) -> None:
    assert run(tmp_path).returncode == 0
    names = {path.stem for path in (ROOT / "environments").glob("*.yaml")}
    assert {name.removesuffix("-controller") for name in stacks(tmp_path) if name.endswith("-controller")} == names


def test_a_path_will_do(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text((ROOT / "environments/lab.yaml").read_text().replace("name: lab", "name: mine"))
    assert run(tmp_path, HACIENDA_ENV=str(file)).returncode == 0
    assert stacks(tmp_path) == ["mine-controller", "mine-network"]


@pytest.mark.parametrize(
    "text", lanes.first(["name: Lab\n", "machines: [\n", "", "a: *b\n", "\x00"], "machines: [\n".__eq__)
)
def test_bad_input_ends_in_exit_code_2_and_no_traceback(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    done = run(tmp_path, HACIENDA_ENV=str(file))
    assert done.returncode == 2
    assert done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_exception_from_no_rule_is_bad_input(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    entry = "accept: [{rule: DOMIAN, reason: one rack is all there is, until: 2999-12-31}]\n"
    file.write_text(
        f"{entry}name: mine\nnetworks: {{management: {{cidr: 192.0.2.0/24}}}}\nmachines: {{controller: 3}}\n"
    )
    done = run(tmp_path, HACIENDA_ENV=str(file))
    assert done.returncode == 2
    assert 'mine.yaml:1: accept[0].rule = "DOMIAN": is not a rule' in done.stderr
    assert "Did you mean `DOMAIN`?" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written_ends_in_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    done = run(tmp_path, HACIENDA_ENV="lab")
    assert done.returncode == 3
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr


def test_a_missing_node_ends_in_exit_code_3(tmp_path: Path) -> None:
    done = run(tmp_path, HACIENDA_ENV="lab", JSII_NODE="/nonexistent/node")
    assert done.returncode == 3
    assert done.stderr.startswith("The CDK needs Node") and "Traceback" not in done.stderr


def test_cdktf_writes_what_cdktn_writes(tmp_path: Path) -> None:
    """The leg for `cdktf` 0.21, where `cdktn` cannot be imported."""
    found: list[dict[str, Any]] = []
    for library in ("cdktf", "cdktn"):
        blocked = "cdktn" if library == "cdktf" else "cdktf"
        program = (
            f"import runpy, sys; sys.modules[{blocked!r}] = None; sys.argv = ['main.py']\n"
            f"from hacienda import cdk; assert cdk.library.__name__ == {library!r}\n"
            f"runpy.run_path({str(ROOT / 'main.py')!r}, run_name='__main__')"
        )
        out = tmp_path / library / "out"
        variables = {"CDKTF_OUTDIR": str(out), "HACIENDA_SECRETS": "none", "HACIENDA_ENV": "lab"}
        subprocess.run([sys.executable, "-c", program], env={**os.environ, **variables}, check=True)
        block = json.loads((out / "stacks/lab-controller/cdk.tf.json").read_text())
        found.append({key: value for key, value in block.items() if key != "//"})
    assert found[0] == found[1]
