"""`hacienda report` on a real project: the examples of the docs, exit codes, no secrets."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests import examples
from tests.cli.conftest import ENVIRONMENT, PLANS, Project, save_plan

ROOT = Path(__file__).parents[2]


@pytest.fixture
def changed(project: Project) -> Project:
    """A project whose environment was changed after it was committed; a plan lies beside it."""
    return examples.changed(project)


def lasting(text: str) -> str:
    """Without what the next commit has differently."""
    return re.sub(r"\([0-9a-f]{10}\)", "…", text)


@pytest.mark.parametrize("page", ["README.md", "docs/report.md"])
def test_the_page_s_example_is_what_it_prints(changed: Project, page: str) -> None:
    printed = lasting(examples.reported(changed))
    shown = lasting(examples.block((ROOT / page).read_text(), "markdown")["text"])
    assert len(shown.splitlines()) > 10
    assert printed.startswith(shown), "run `make docs`"


def test_it_is_written_whatever_it_says(changed: Project) -> None:
    outs = [word for suffix in ("md", "html", "json") for word in ("--out", f"report.{suffix}")]
    assert not changed.run("report", "small", "--plan", "plan.json", *outs, code=4).stdout
    assert (changed.root / "report.md").read_text().startswith("<!-- hacienda:small -->")
    assert "REFUSED" in (changed.root / "report.html").read_text()
    assert json.loads((changed.root / "report.json").read_text())["exit_code"] == 4
    changed.file.write_text(ENVIRONMENT.replace("controller: 3", "controller: 2"))
    changed.run("report", "small", "--out", "report.md", code=1)
    assert "the assessment fails (" in (changed.root / "report.md").read_text()


def test_several_plans_are_one_and_what_is_accepted_passes(changed: Project) -> None:
    save_plan(changed, "cache-both", "other.json")
    accept = [word for name in ("haproxy", "keepalived", "memcached") for word in ("--accept", name)]
    other = ("report", "small", "--plan", "other.json")
    assert "no copy would remain" in changed.run(*other, code=4).stdout
    changed.run(*other, *accept)
    both = changed.run(*other, "--plan", "plan.json", *accept, code=4)
    assert "**What other.json plan.json would change**" in both.stdout


def test_programs_read_json(changed: Project) -> None:
    told = json.loads(changed.run("report", "small", "--base", "HEAD", "--format", "json").stdout)
    assert told["diff"]["nodes"]["added"] == "cmp-1"
    assert [file["path"] for file in told["diff"]["files"]] == [
        "/etc/haproxy/haproxy.cfg",
        "/etc/mysql/mariadb.conf.d/90-hacienda.cnf",
    ]


def test_a_plan_of_another_environment_is_refused_before_anything_is_written(changed: Project) -> None:
    for name in ("replace-one", "two-clusters-one-each"):
        shutil.copy(PLANS / f"{name}.json", changed.root)
    plans = [word for name in ("plan", "replace-one", "two-clusters-one-each") for word in ("--plan", f"{name}.json")]
    said = changed.run("report", "small", *plans, "--out", "report.md", code=2).stderr
    assert "--plan = replace-one.json: is a plan of region" in said
    assert "--plan = two-clusters-one-each.json: is a plan of left and right" in said
    assert "The report is about small: name a plan of small." in said
    assert "plan = plan.json" not in said
    assert not (changed.root / "report.md").exists()


def test_what_the_guard_lets_pass_on_purpose_the_report_does_too(changed: Project) -> None:
    save_plan(changed, "destroy", "plan.json")
    for allowed, code in (("small", 0), ("another", 4)):
        changed.extra["HACIENDA_ALLOW_DESTROY"] = allowed
        changed.run("guard", "plan.json", code=code)
        changed.run("report", "small", "--plan", "plan.json", "--out", "report.md", code=code)


def test_bad_input_is_told_and_nothing_is_written(changed: Project) -> None:
    (changed.root / "state.json").write_text('{"format_version": "1.0", "values": {}}')
    said = changed.run("report", "small", "--plan", "state.json", "--out", "report.md", code=2).stderr
    assert "is a state, not a plan" in said
    assert "no such commit" in changed.run("report", "small", "--base", "nothing", "--out", "report.md", code=2).stderr
    assert not (changed.root / "report.md").exists()
    assert "cannot be written" in changed.run("report", "small", "--out", "nowhere/report.md", code=3).stderr


@pytest.mark.parametrize("form", ["html", "markdown", "json"])
def test_no_secret_is_in_it(changed: Project, form: str) -> None:
    changed.run("synth", "small")
    store = changed.root / ".hacienda/small/secrets"
    values = [path.read_text(errors="replace").strip() for path in store.rglob("*") if path.is_file()]
    assert len(values) > 10
    text = changed.run("report", "small", "--base", "HEAD", "--plan", "plan.json", "--format", form, code=4).stdout
    lines = {line for value in values for line in value.splitlines() if len(line) >= 16}
    assert lines
    assert not [line for line in lines if line in text]
