"""The pipelines that users copy: every step of theirs runs here, in a project with a state. Only the forges are stand-ins."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ruamel.yaml import YAML

from tests import lanes, programs, repository
from tests.cli.conftest import ENVIRONMENT, Project

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github/workflows/plan.yml"
GITLAB = ROOT / "examples/pipelines/gitlab.yml"
ATLANTIS = ROOT / "examples/pipelines/atlantis.yaml"

BOT = "github-actions[bot]"
GH = """\
#!{python}
import json, os, pathlib, subprocess, sys
FILE = pathlib.Path({file!r})
notes = json.loads(FILE.read_text())
words = sys.argv[2:]
assert os.environ["GH_TOKEN"] == "a token"
method = words[words.index("--method") + 1] if "--method" in words else "GET"
if method == "GET":
    shown = [{{**note, "user": {{"login": note["by"], "type": "Bot" if note["by"].endswith("]") else "User"}}}} for note in notes]
    # What `gh` calls --jq is a jq of its own.
    subprocess.run(["jq", "--raw-output", words[words.index("--jq") + 1]], input=json.dumps(shown), text=True, check=True)
else:
    path = next(word for word in words if word.startswith("repos/example/clouds/issues/"))
    body = open(words[words.index("--field") + 1].removeprefix("body=@")).read()
    if method == "POST":
        assert path.endswith("/7/comments"), path
        notes.append({{"id": 100 + len(notes), "by": {bot!r}, "body": body}})
    else:
        next(note for note in notes if path.endswith(f"/comments/{{note['id']}}"))["body"] = body
    FILE.write_text(json.dumps(notes))
"""
"""`gh api`, with the comments in a file."""


class Notes(http.server.BaseHTTPRequestHandler):
    """The part of GitLab's API that the pipeline asks: who the token is, and the notes of one merge request, two a page."""

    file: ClassVar[Path]
    own = 42
    path_of = "/api/v4/projects/3/merge_requests/7/notes"

    def do_GET(self) -> None:
        parsed = urllib.parse.urlparse(self.path)
        if parsed.path == "/api/v4/user":
            return self._answer({"id": self.own})
        assert parsed.path == self.path_of
        page = int(urllib.parse.parse_qs(parsed.query)["page"][0])
        notes = self._notes()
        shown = [
            {"id": one["id"], "body": one["body"], "author": {"id": self.own if one["by"] == BOT else 7}}
            for one in notes[2 * page - 2 : 2 * page]
        ]
        return self._answer(shown, str(page + 1) if len(notes) > 2 * page else "")

    def do_POST(self) -> None:
        notes = self._notes()
        self._keep([*notes, {"id": 100 + len(notes), "by": BOT, "body": self._body()}])

    def do_PUT(self) -> None:
        body, number = self._body(), int(self.path.rpartition("/")[2])
        self._keep([{**one, "body": body} if one["id"] == number else one for one in self._notes()])

    def _body(self) -> str:
        assert self.path.startswith(self.path_of)
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        return urllib.parse.parse_qs(sent)["body"][0]

    def _notes(self) -> list[dict[str, Any]]:
        assert self.headers["PRIVATE-TOKEN"] == "a token"
        return list(json.loads(self.file.read_text()))

    def _keep(self, notes: list[dict[str, Any]]) -> None:
        self.file.write_text(json.dumps(notes))
        self._answer({})

    def _answer(self, value: object, following: str = "") -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Next-Page", following)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: the test's own output is enough."""


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
        return {str(one["id"]): one["body"] for one in json.loads((self.folder / "comments.json").read_text())}

    @property
    def folder(self) -> Path:
        """Where the forge keeps what is its own."""
        return self.project.root.parent

    def propose(self, text: str) -> None:
        """Commit an environment file on the branch."""
        self.project.file.write_text(text)
        repository.commit(self.project.root)

    def step(self, script: str, shell: tuple[str, ...], more: Mapping[str, str], place: Path | None = None) -> int:
        """Run a step as the forge would, in the checkout or another folder; its exit code."""
        done = subprocess.run(
            [*shell, script],
            cwd=place or self.project.root,
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
def base(applied: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A user's repository, and what its environment has become."""
    made = applied.copy(tmp_path_factory.mktemp("base") / "project")
    for name in ("Makefile", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, made.root / name)
    (made.root / ".gitignore").write_text(".hacienda/\n.venv/\ncdktf.out/\nmachines/\nplans/\nreport.*\n*.plan*\n")
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
    root = base.copy(tmp_path / "project").root
    stranger = {"id": 98, "by": "mallory", "body": "<!-- hacienda:small -->\nAll is fine, merge it."}
    (tmp_path / "comments.json").write_text(json.dumps([stranger, {"id": 99, "by": "bob", "body": "LGTM"}]))
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/gh"
    program.write_text(GH.format(python=sys.executable, file=str(tmp_path / "comments.json"), bot=BOT))
    program.chmod(0o755)
    repository.git(root, "clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
    repository.git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    repository.git(root, "checkout", "--quiet", "-b", "change")
    found = Review(Project(root))
    found.variables["PATH"] = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    return found


def github(review: Review, *, plan: bool = True) -> int:
    """The workflow's two jobs; the exit code of the first one's step that failed, else of the second one's."""
    programs.needed("jq")  # what `gh` calls --jq is one of its own
    jobs = load(GITHUB)["jobs"]
    known = {
        "matrix.environment": "small",
        "vars.HACIENDA_ENVIRONMENTS": '["small"]',
        "vars.HACIENDA_PLAN": "yes" if plan else "",
        "github.event.pull_request.base.sha": repository.git(review.project.root, "rev-parse", "main"),
        "github.event.pull_request.number": "7",
        "github.token": "a token",
    }
    code = github_job(review, jobs["report"], known, review.project.root)
    place = review.folder / "comment"
    shutil.rmtree(place, ignore_errors=True)
    (place / "report").mkdir(parents=True)
    for name in ("report.md", "report.html"):
        if (review.project.root / name).exists():
            shutil.copy(review.project.root / name, place / "report" / name, follow_symlinks=False)
    posted = github_job(review, jobs["comment"], known, place)
    return code or posted


def github_job(review: Review, job: Any, known: dict[str, str], place: Path) -> int:
    """Its steps in a folder; the exit code of the first that failed."""
    files = {name: review.folder / name for name in ("GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_text("")
    variables = {name: str(file) for name, file in files.items()} | {"GITHUB_REPOSITORY": "example/clouds"}
    variables |= {name: filled(value, known) for name, value in job["env"].items()}
    for step in job["steps"]:
        if "run" not in step or not holds(step.get("if", ""), known):
            continue
        more = variables | {name: filled(value, known) for name, value in step.get("env", {}).items()}
        more["PATH"] = ":".join([*files["GITHUB_PATH"].read_text().split(), review.variables["PATH"]])
        code = review.step(step["run"], ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"), more, place)
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
    """The two jobs, each in one shell; the first one's exit code, else the second one's."""
    jobs = load(GITLAB)
    shell = ("bash", "-eo", "pipefail", "-c")
    report = {
        "HACIENDA_ENV": "small",
        "HACIENDA_PLAN": "yes" if plan else "no",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": repository.git(review.project.root, "rev-parse", "main"),
    }
    job = jobs["hacienda-report"]
    code = review.step("\n".join([*job["before_script"], *job["script"]]), shell, report)
    place = review.folder / "comment"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    if (review.project.root / "report").exists():
        shutil.copytree(review.project.root / "report", place / "report", symlinks=True)
    Notes.file = review.folder / "comments.json"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        comment = {
            "HACIENDA_ENV": "small",
            "HACIENDA_TOKEN": "a token",
            "CI_API_V4_URL": f"http://127.0.0.1:{server.server_port}/api/v4",
            "CI_PROJECT_ID": "3",
            "CI_MERGE_REQUEST_IID": "7",
            "REPORT": jobs["hacienda-comment"]["variables"]["REPORT"].replace("$HACIENDA_ENV", "small"),
        }
        posted = review.step("\n".join(jobs["hacienda-comment"]["script"]), shell, comment, place)
        server.shutdown()
    return code or posted


def atlantis(review: Review, *, plan: bool = True) -> int:
    """The steps of the stage `plan`, and where it leaves something to apply, of `apply`; the first exit code that is not 0."""
    assert plan, "Atlantis always plans"
    stages = load(ATLANTIS)["workflows"]["hacienda"]
    planfile = review.project.root / "small.plan"
    more = {"PROJECT_NAME": "small", "BASE_BRANCH_NAME": "main", "PLANFILE": str(planfile)}
    # Hacienda is installed on the server.
    more["PATH"] = f"{review.project.root / '.venv/bin'}:{review.variables['PATH']}"
    for stage in ("plan", "apply"):
        for step in stages[stage]["steps"]:
            (script,) = step.values()
            if code := review.step(script, ("sh", "-c"), more):
                return code
        assert stage == "apply" or planfile.exists()
    assert not planfile.exists()
    return 0


Pipeline = Callable[..., int]
COMMENTING = pytest.mark.parametrize("pipeline", [github, gitlab])
COMMENTING_FIRST = pytest.mark.parametrize("pipeline", lanes.first([github, gitlab], lambda one: one is github))
EVERY = pytest.mark.parametrize("pipeline", [github, gitlab, atlantis])
EVERY_FIRST = pytest.mark.parametrize("pipeline", lanes.first([github, gitlab, atlantis], lambda one: one is github))
TIMEOUT = ENVIRONMENT + "services:\n  haproxy: {timeout: 77}\n"
TWO = ENVIRONMENT.replace("controller: 3", "controller: 2")
ONE = ENVIRONMENT.replace("controller: 3", "controller: 1")


@COMMENTING_FIRST
def test_a_good_change_passes_and_one_comment_is_kept_up_to_date(review: Review, pipeline: Pipeline) -> None:
    review.propose(TIMEOUT)
    assert pipeline(review) == 0, review.log
    first = review.comments
    assert list(first) == ["98", "99", "102"]
    assert "+    timeout client 77000ms" in first["102"]
    assert "every quorum safe" in first["102"]
    review.propose(TIMEOUT.replace("77", "78"))
    (review.project.root / "plans/small-controller.json").unlink()
    assert pipeline(review, plan=False) == 0, review.log
    assert list(review.comments) == ["98", "99", "102"]
    assert "timeout client 78000ms" in review.comments["102"]
    assert review.comments["102"].startswith("<!-- hacienda:small -->")
    assert review.comments["98"].endswith("merge it.")
    page = "report.html" if pipeline is github else "report/small/report.html"
    assert (review.project.root / page).read_text().startswith("<!DOCTYPE html>")


@pytest.mark.long  # the commands are those of the other pipelines
def test_atlantis_plans_and_applies_a_good_change(review: Review) -> None:
    review.propose(TIMEOUT)
    assert atlantis(review) == 0, review.log
    assert "+    timeout client 77000ms" in review.log
    assert "every quorum safe" in review.log
    assert "small applied in" in review.log
    assert "small: no changes" in review.project.run("plan", "small", "--summary").stdout


@EVERY_FIRST
def test_a_refused_plan_ends_with_4_and_is_in_the_comment(review: Review, pipeline: Pipeline) -> None:
    review.propose(ONE)
    assert pipeline(review) == 4, review.log
    assert "REFUSED" in review.log
    if pipeline is not atlantis:
        assert "the quorum guard refuses the plan" in review.comments["102"]


@COMMENTING_FIRST
def test_findings_end_with_1_after_the_comment(review: Review, pipeline: Pipeline) -> None:
    review.propose(TWO)
    assert pipeline(review, plan=False) == 1, review.log
    assert "the assessment fails" in review.comments["102"]
    assert "no plan was given" in review.comments["102"]


@EVERY
def test_bad_input_ends_with_2_and_no_comment(review: Review, pipeline: Pipeline) -> None:
    review.propose(ENVIRONMENT + "wrong: 1\n")
    assert pipeline(review) == 2, review.log
    assert "environments/small.yaml:7: wrong" in review.log
    assert list(review.comments) == ["98", "99"]


@COMMENTING
def test_what_the_change_wrote_is_a_comment_and_nothing_more(review: Review, pipeline: Pipeline) -> None:
    """The code of the change writes whatever it likes into its report."""
    file = "report.md" if pipeline is github else "report/small/report.md"
    text = "# Fine @everybody \x1b]52;c;x\x07<img src=x><details><summary>a</summary>[b](https://evil.example) #12\n[c]: x\n"
    program = review.project.root / ".venv/bin/hacienda"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{text}' >{file}\ntouch report.html\n")
    review.propose(TIMEOUT)
    assert pipeline(review, plan=False) == 0, review.log
    body = review.comments["102"]
    assert body.startswith("<!-- hacienda:small --># Fine")
    assert "under review as well" in body
    assert "<details><summary>a</summary>" in body
    for harm in ("@everybody", "\x1b", "\x07", "<img", "](", "://", "#12", "]: "):
        assert harm not in body, harm


@COMMENTING
@pytest.mark.parametrize("size", [10_000_000, None])
def test_an_endless_report_is_cut_and_a_linked_one_refused(
    review: Review, pipeline: Pipeline, size: int | None
) -> None:
    place = "report.md" if pipeline is github else "report/small/report.md"
    program = review.project.root / ".venv/bin/hacienda"
    write = f"head -c {size} /dev/zero | tr '\\0' a >{place}" if size else f"ln -sfn /etc/passwd {place}"
    program.write_text(f"#!/bin/sh\n{write}\n[ -e report.md ] || : >report.md\ntouch report.html\n")
    review.propose(TIMEOUT)
    code = pipeline(review, plan=False)
    if size:
        assert code == 0, review.log
        assert len(review.comments["102"]) < 61_000
    else:
        assert code != 0
        assert "is a link" in review.log
        assert list(review.comments) == ["98", "99"]


def scripts() -> dict[str, tuple[str, str]]:
    """Every step's script with its shell."""
    every = [step for job in load(GITHUB)["jobs"].values() for step in job["steps"]]
    steps = {f"github {step['name']}": ("bash", step["run"]) for step in every if "run" in step}
    for name, job in load(GITLAB).items():
        if not name.startswith("."):
            steps[f"gitlab {name}"] = ("bash", "\n".join([*job.get("before_script", ()), *job["script"]]))
    for stage, told in load(ATLANTIS)["workflows"]["hacienda"].items():
        for number, step in enumerate(told["steps"]):
            steps[f"atlantis {stage} {number}"] = ("sh", step["run"])
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
