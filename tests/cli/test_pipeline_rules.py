"""Rules for every pipeline file: whose code runs with which token. A job that may write runs nothing of what is under review."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FORMS = ROOT / ".github/ISSUE_TEMPLATE"
"""What the forge asks of people: nothing there runs."""
GITHUB = [path for path in (ROOT / ".github").rglob("*.y*ml") if path.parent != FORMS]
FILES = sorted([*GITHUB, *(ROOT / "examples/pipelines").rglob("*")])
PINNED = re.compile(r"\S+@[0-9a-f]{40}")
OWN_CODE = re.compile(r"\b(make|hacienda|pip|npm|source|\./)\s")
"""Commands that run what a checkout holds."""
TOKEN = re.compile(r"github\.token|secrets\.|GITHUB_TOKEN|[A-Z]+_TOKEN\b")
ANYBODY = re.compile(r"comments|notes")


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def github(workflow: Mapping[str, Any], text: str) -> Iterator[str]:
    """What is wrong with a workflow of GitHub's."""
    events = workflow["on"]
    if {"pull_request_target", "workflow_run", "issue_comment"} & set([events] if isinstance(events, str) else events):
        yield "is started by an event that gives strangers' pull requests a token"
    if workflow.get("permissions") != {}:
        yield "gives every job a permission: write `permissions: {}` and name them per job"
    for name, job in workflow["jobs"].items():
        yield from (f"{name}: {wrong}" for wrong in _job(job, text))


def _job(job: Mapping[str, Any], text: str) -> Iterator[str]:
    allowed = job.get("permissions")
    if not isinstance(allowed, dict):
        yield "names no permissions of its own"
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    for one in used:
        if not PINNED.fullmatch(one):
            yield f"uses {one}, which its owner can replace: pin the commit"
        elif not re.search(rf"{re.escape(one)} # v\d+\.\d+\.\d+$", text, re.MULTILINE):
            yield f"does not say which version {one} is"
    for step in job["steps"]:
        if step.get("uses", "").startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials"):
            yield "leaves its token in the checkout"
        if step.get("uses", "").startswith("actions/checkout@") and "persist-credentials" not in step.get("with", {}):
            yield "leaves its token in the checkout"
        if "${{" in step.get("run", ""):
            yield "has an expression in a script, which is somebody else's script"
    scripts = "\n".join(step.get("run", "") for step in job["steps"])
    writes = "write" in (allowed or {}).values()
    if writes or TOKEN.search(str(job)):
        if any(one.startswith("actions/checkout@") for one in used) or OWN_CODE.search(scripts):
            yield "has a token, and code of the change beside it"
        if ANYBODY.search(scripts) and "github-actions[bot]" not in scripts:
            yield "takes anybody's comment for its own"


def gitlab(pipeline: Mapping[str, Any], text: str) -> Iterator[str]:
    """What is wrong with a pipeline of GitLab's."""
    for name, job in pipeline.items():
        if name.startswith("."):
            continue
        scripts = "\n".join([*job.get("before_script", ()), *job["script"]])
        if not TOKEN.search(str(job)):
            continue
        if job.get("variables", {}).get("GIT_STRATEGY") != "none" or OWN_CODE.search(scripts):
            yield f"{name}: has a token, and code of the change beside it"
        if not job.get("environment"):
            yield f"{name}: shares its token with every job: give it an environment, and the variable its scope"
        if job.get("inherit") != {"default": False, "variables": False} or "before_script" in job:
            yield f"{name}: has a token, and what other parts of the pipeline set"
        if "CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" not in str(job["rules"]):
            yield f"{name}: runs for forks as well"
        if ANYBODY.search(scripts) and '["author"]["id"] == me' not in scripts:
            yield f"{name}: takes anybody's note for its own"


def atlantis(settings: Mapping[str, Any], text: str) -> Iterator[str]:
    """What is wrong with a configuration of Atlantis', whose server holds everything: nothing of the checkout may run."""
    for workflow in settings["workflows"].values():
        for stage in workflow.values():
            for step in stage["steps"]:
                if re.search(r"\b(make|pip|npm|source)\s|\./|\.venv", str(step)):
                    yield f"runs code of the change on the server: {step}"


Rules = Callable[[Mapping[str, Any], str], Iterator[str]]


def rules(document: Mapping[str, Any]) -> Rules:
    """By what the file is; one that is none of these fails."""
    if "jobs" in document:
        return github
    return atlantis if "projects" in document else gitlab


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_whoever_may_write_runs_nothing_of_what_is_under_review(path: Path) -> None:
    document = load(path)
    assert list(rules(document)(document, path.read_text())) == []


def test_there_are_files_of_each_kind() -> None:
    assert {rules(load(path)) for path in FILES} == {github, gitlab, atlantis}


def _changed(document: Any, *where: Any, to: Any) -> Any:
    made = copy.deepcopy(document)
    place = made
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = to
    return made


WORKFLOW = load(ROOT / ".github/workflows/plan.yml")
PIPELINE = load(ROOT / "examples/pipelines/gitlab.yml")
SERVER = load(ROOT / "examples/pipelines/atlantis.yaml")
CHECKOUT = {"uses": f"actions/checkout@{'a' * 40}", "with": {"persist-credentials": False}}
BROKEN = {
    "a tag": (_changed(WORKFLOW, "jobs", "report", "steps", 0, "uses", to="actions/checkout@v4"), "pin the commit"),
    "an unnamed version": (
        _changed(WORKFLOW, "jobs", "report", "steps", 0, to=CHECKOUT),
        "does not say which version",
    ),
    "a kept token": (_changed(WORKFLOW, "jobs", "report", "steps", 0, "with", to={}), "leaves its token"),
    "a target event": (_changed(WORKFLOW, "on", to={"pull_request_target": None}), "strangers' pull requests"),
    "one permission for all": (_changed(WORKFLOW, "permissions", to={"contents": "read"}), "gives every job"),
    "no permissions": (_changed(WORKFLOW, "jobs", "report", "permissions", to=None), "names no permissions"),
    "a token beside code": (
        _changed(WORKFLOW, "jobs", "report", "permissions", to={"contents": "read", "pull-requests": "write"}),
        "code of the change beside it",
    ),
    "a checkout beside a token": (_changed(WORKFLOW, "jobs", "comment", "steps", 0, to=CHECKOUT), "code of the change"),
    "anybody's comment": (
        _changed(WORKFLOW, "jobs", "comment", "steps", 2, "run", to="gh api comments --jq .[0].id"),
        "anybody's comment",
    ),
    "an expression": (_changed(WORKFLOW, "jobs", "report", "steps", 2, "run", to="echo ${{ x }}"), "an expression"),
    "GitLab: a token beside code": (
        _changed(PIPELINE, "hacienda-report", "script", to=["make setup", 'echo "$HACIENDA_TOKEN"']),
        "code of the change",
    ),
    "GitLab: every job's token": (_changed(PIPELINE, "hacienda-comment", "environment", to=None), "every job"),
    "GitLab: what others set": (_changed(PIPELINE, "hacienda-comment", "inherit", to={}), "other parts"),
    "GitLab: forks": (_changed(PIPELINE, "hacienda-comment", "rules", to=[]), "forks"),
    "GitLab: anybody's note": (
        _changed(PIPELINE, "hacienda-comment", "script", to=['curl -H "$HACIENDA_TOKEN" notes']),
        "anybody's note",
    ),
    "Atlantis: code": (
        _changed(SERVER, "workflows", "hacienda", "plan", "steps", 0, to={"run": "make setup"}),
        "on the server",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_finds_what_breaks_it(name: str) -> None:
    document, said = BROKEN[name]
    text = (ROOT / ".github/workflows/plan.yml").read_text()
    assert any(said in wrong for wrong in rules(document)(document, text))
