"""The pipelines that users copy: every step of theirs runs here, in a project with a state. Only the forges are stand-ins."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests import repository
from tests.cli.conftest import ENVIRONMENT, Project, make_project

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github/workflows/plan.yml"
GITLAB = ROOT / "examples/pipelines/gitlab.yml"
ATLANTIS = ROOT / "examples/pipelines/atlantis.yaml"

GH = """\
comments = load()
words = sys.argv[2:]
method = words[words.index("--method") + 1] if "--method" in words else "GET"
if method == "GET":
    mark = re.search(r'startswith\\("(.*)"\\)', words[words.index("--jq") + 1])[1]
    print("\\n".join(number for number, body in comments.items() if body.startswith(mark)))
else:
    path = next(word for word in words if word.startswith("repos/example/clouds/issues/"))
    own = path.rpartition("/")[2] if method == "PATCH" else str(100 + len(comments))
    assert path.endswith("/7/comments" if method == "POST" else f"/comments/{own}"), path
    comments[own] = open(words[words.index("--field") + 1].removeprefix("body=@")).read()
"""
CURL = """\
comments = load()
words = sys.argv[1:]
assert any(word.startswith("PRIVATE-TOKEN: ") for word in words)
url = next(word for word in words if word.startswith("https://"))
assert "/projects/3/merge_requests/7/notes" in url
if "--request" not in words:
    print(json.dumps([{"id": int(number), "body": body} for number, body in comments.items()]))
else:
    put = words[words.index("--request") + 1] == "PUT"
    own = url.rpartition("/")[2] if put else str(100 + len(comments))
    comments[own] = open(words[words.index("--data-urlencode") + 1].removeprefix("body@")).read()
"""
FORGE = """\
#!{python}
import json, pathlib, re, sys
FILE = pathlib.Path({file!r})
def load():
    return json.loads(FILE.read_text())
{body}
FILE.write_text(json.dumps(comments))
"""


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path)


@dataclass
class Review:
    """A change under review: a project whose base is committed and applied, on a branch of its own.

    Args:
        project: it.
        variables: what the forge gives every step.
        log: what the steps printed.
    """

    project: Project
    variables: dict[str, str] = field(default_factory=dict)
    log: str = ""

    @property
    def comments(self) -> dict[str, str]:
        """Comments by number."""
        return dict(json.loads((self.project.root.parent / "comments.json").read_text()))

    def propose(self, text: str) -> None:
        """Commit an environment file on the branch."""
        self.project.file.write_text(text)
        repository.commit(self.project.root)

    def step(self, script: str, shell: tuple[str, ...], more: Mapping[str, str]) -> int:
        """Run a step as the forge would; its exit code."""
        done = subprocess.run(
            [*shell, script],
            cwd=self.project.root,
            env={**self.project.environment, **self.variables, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.log += done.stdout
        assert "Traceback" not in done.stdout
        return done.returncode


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A user's repository, and what its environment has become."""
    made = make_project(tmp_path_factory.mktemp("base") / "project")
    for name in ("Makefile", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, made.root / name)
    (made.root / ".gitignore").write_text(".hacienda/\n.venv/\ncdktf.out/\nmachines/\nplans/\nreport.*\n*.plan*\n")
    made.run("apply", "small", "--yes")
    repository.commit(made.root)
    # `make setup` finds its work done.
    programs = made.root / ".venv/bin"
    programs.mkdir(parents=True)
    for program in Path(sys.executable).parent.iterdir():
        (programs / program.name).symlink_to(program)
    (programs / "hacienda").unlink()
    (programs / "hacienda").write_text(f'#!/bin/sh\nexec {os.environ["HACIENDA_PYTHON"]} -P -m hacienda.cli "$@"\n')
    (programs / "hacienda").chmod(0o755)
    (made.root / ".venv/.ready").touch()
    return made


@pytest.fixture
def review(base: Project, tmp_path: Path) -> Review:
    root = tmp_path / "project"
    shutil.copytree(base.root, root, symlinks=True)
    (tmp_path / "comments.json").write_text('{"99": "LGTM"}')
    (tmp_path / "bin").mkdir()
    for name, body in (("gh", GH), ("curl", CURL)):
        program = tmp_path / "bin" / name
        program.write_text(FORGE.format(python=sys.executable, file=str(tmp_path / "comments.json"), body=body))
        program.chmod(0o755)
    repository.git(root, "clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
    repository.git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    repository.git(root, "checkout", "--quiet", "-b", "change")
    found = Review(Project(root))
    found.variables["PATH"] = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    return found


def github(review: Review, *, plan: bool = True) -> int:
    """The workflow's job; its exit code, that of the first step that failed."""
    job = load(GITHUB)["jobs"]["plan"]
    known = {
        "matrix.environment": "small",
        "vars.HACIENDA_ENVIRONMENTS": '["small"]',
        "vars.HACIENDA_PLAN": "yes" if plan else "",
        "github.event.pull_request.base.sha": repository.git(review.project.root, "rev-parse", "main"),
        "github.event.pull_request.head.repo.full_name": "example/clouds",
        "github.event.pull_request.number": "7",
        "github.repository": "example/clouds",
        "github.token": "a token",
    }
    folder = review.project.root.parent
    files = {name: folder / name for name in ("GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_text("")
    review.variables |= {name: str(file) for name, file in files.items()} | {"GITHUB_REPOSITORY": "example/clouds"}
    review.variables |= {name: filled(value, known) for name, value in job["env"].items()}
    for step in job["steps"]:
        if "run" not in step or not holds(step.get("if", ""), known):
            continue
        more = {name: filled(value, known) for name, value in step.get("env", {}).items()}
        more["PATH"] = ":".join([*files["GITHUB_PATH"].read_text().split(), review.variables["PATH"]])
        assert "${{" not in step["run"], "an expression in a script is somebody else's script"
        code = review.step(step["run"], ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"), more)
        if code:
            return code
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        known |= {f"steps.report.outputs.{name}": value for name, value in outputs.items()}
    return 0


def filled(text: str, known: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: known[match[1]], text)


def holds(condition: str, known: Mapping[str, str]) -> bool:
    if not condition:
        return True
    left, right = condition.split(" == ")
    return known[left] == (right.strip("'") if right.startswith("'") else known[right])


def gitlab(review: Review, *, plan: bool = True) -> int:
    """The job's lines in one shell; its exit code."""
    job = load(GITLAB)["hacienda-plan"]
    review.variables |= {
        "HACIENDA_ENV": "small",
        "HACIENDA_TOKEN": "a token",
        "HACIENDA_PLAN": "yes" if plan else "no",
        "CI_API_V4_URL": "https://gitlab.example.org/api/v4",
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": repository.git(review.project.root, "rev-parse", "main"),
    }
    script = "\n".join([*job["before_script"], *job["script"]])
    return review.step(script, ("bash", "-eo", "pipefail", "-c"), {})


def atlantis(review: Review, *, plan: bool = True) -> int:
    """The steps of the stage `plan`, and where it leaves something to apply, of `apply`; the first exit code that is not 0."""
    assert plan, "Atlantis always plans"
    stages = load(ATLANTIS)["workflows"]["hacienda"]
    planfile = review.project.root / "small.plan"
    more = {"PROJECT_NAME": "small", "BASE_BRANCH_NAME": "main", "PLANFILE": str(planfile)}
    for stage in ("plan", "apply"):
        for step in stages[stage]["steps"]:
            (kind, told), *_ = step.items()
            if kind == "env":
                shown = subprocess.run(
                    ["sh", "-c", told["command"]],
                    cwd=review.project.root,
                    env={**review.project.environment, **review.variables, **more},
                    capture_output=True,
                    text=True,
                    check=True,
                )
                more[told["name"]] = shown.stdout.strip()
                continue
            script = told if isinstance(told, str) else told["command"]
            if code := review.step(script, ("sh", "-c"), more):
                return code
        assert stage == "apply" or planfile.exists()
    assert not planfile.exists()
    return 0


Pipeline = Callable[..., int]
COMMENTING = pytest.mark.parametrize("pipeline", [github, gitlab])
EVERY = pytest.mark.parametrize("pipeline", [github, gitlab, atlantis])
TIMEOUT = ENVIRONMENT + "services:\n  haproxy: {timeout: 77}\n"
TWO = ENVIRONMENT.replace("controller: 3", "controller: 2")
ONE = ENVIRONMENT.replace("controller: 3", "controller: 1")


@COMMENTING
def test_a_good_change_passes_and_one_comment_is_kept_up_to_date(review: Review, pipeline: Pipeline) -> None:
    review.propose(TIMEOUT)
    assert pipeline(review) == 0, review.log
    first = review.comments
    assert list(first) == ["99", "101"]
    assert "+    timeout client 77000ms" in first["101"]
    assert "every quorum safe" in first["101"]
    review.propose(TIMEOUT.replace("77", "78"))
    (review.project.root / "plans/small-controller.json").unlink()
    assert pipeline(review, plan=False) == 0, review.log
    assert list(review.comments) == ["99", "101"]
    assert "timeout client 78000ms" in review.comments["101"]
    assert review.comments["101"].startswith("<!-- hacienda:small -->")
    assert (review.project.root / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_atlantis_plans_and_applies_a_good_change(review: Review) -> None:
    review.propose(TIMEOUT)
    assert atlantis(review) == 0, review.log
    assert "+    timeout client 77000ms" in review.log
    assert "every quorum safe" in review.log
    assert "small applied in" in review.log
    assert "small: no changes" in review.project.run("plan", "small", "--summary").stdout


@EVERY
def test_a_refused_plan_ends_with_4_and_is_in_the_comment(review: Review, pipeline: Pipeline) -> None:
    review.propose(ONE)
    assert pipeline(review) == 4, review.log
    assert "REFUSED" in review.log
    if pipeline is not atlantis:
        assert "the quorum guard refuses the plan" in review.comments["101"]


@COMMENTING
def test_findings_end_with_1_after_the_comment(review: Review, pipeline: Pipeline) -> None:
    review.propose(TWO)
    assert pipeline(review, plan=False) == 1, review.log
    assert "the assessment fails" in review.comments["101"]
    assert "no plan was given" in review.comments["101"]


@EVERY
def test_bad_input_ends_with_2_and_no_comment(review: Review, pipeline: Pipeline) -> None:
    review.propose(ENVIRONMENT + "wrong: 1\n")
    assert pipeline(review) == 2, review.log
    assert "environments/small.yaml:7: wrong" in review.log
    assert list(review.comments) == ["99"]


def test_the_workflow_does_nothing_where_no_environment_is_named() -> None:
    workflow = load(GITHUB)
    assert workflow["jobs"]["plan"]["if"] == "vars.HACIENDA_ENVIRONMENTS != ''"
    assert workflow["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert "pull_request_target" not in GITHUB.read_text()


def scripts() -> dict[str, tuple[str, str]]:
    """Every step's script with its shell."""
    steps = {f"github {s['name']}": ("bash", s["run"]) for s in load(GITHUB)["jobs"]["plan"]["steps"] if "run" in s}
    job = load(GITLAB)["hacienda-plan"]
    steps["gitlab"] = ("bash", "\n".join([*job["before_script"], *job["script"]]))
    for stage, told in load(ATLANTIS)["workflows"]["hacienda"].items():
        for number, step in enumerate(told["steps"]):
            (own,) = step.values()
            steps[f"atlantis {stage} {number}"] = ("sh", own if isinstance(own, str) else own["command"])
    return steps


@pytest.mark.parametrize("name", scripts())
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    shell, script = scripts()[name]
    program = Path(sys.executable).parent / "shellcheck"
    done = subprocess.run([program, f"--shell={shell}", "-"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_plans_that_cannot_be_saved_are_told(review: Review) -> None:
    told = review.project.run("plan", "small", "--summary", "--save", "environments/small.yaml", code=3).stderr
    assert "environments/small.yaml: the plans cannot be written: File exists" in told
