"""`hacienda diff` with real revisions: what it says, and that Terraform's plan says the same of files and restarts."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hacienda
from hacienda import services
from hacienda.cli.diff import describe
from hacienda.declare import Registry, Template
from hacienda.review import diff as diffs
from tests import lanes, repository
from tests.cli.conftest import ENVIRONMENT, NODES, Project, make_project
from tests.review.diff.samples import Sample, rendering

COMPUTES = ENVIRONMENT + "  compute: 2\n"
HAPROXY = "/etc/haproxy/haproxy.cfg"


@pytest.fixture
def committed(project: Project) -> Project:
    """A project whose environment is committed; no machine of it has anything."""
    repository.commit(project.root)
    return project


def test_the_page_s_example_is_what_it_prints(committed: Project) -> None:
    page = (Path(__file__).parents[2] / "docs/diff.md").read_text()
    shown = page.partition("```text\n")[2].partition("```")[0]
    options = "services:\n  haproxy: {timeout: 77}\n  galera: {max_connections: 777}\n"
    committed.file.write_text(ENVIRONMENT + "  compute: 1\n" + options)
    printed = committed.run("diff", "small").stdout
    assert re.sub(r"\([0-9a-f]{10}\)", "()", printed) == re.sub(r"\([0-9a-f]{10}\)", "()", shown)
    assert not (committed.root / ".hacienda").exists()
    assert not (committed.root / "cdktf.out").exists()


def test_nothing_changed_says_so(committed: Project) -> None:
    assert "small: no differences against HEAD (" in committed.run("diff", "small").stdout
    assert committed.json("diff", "small")["changes"] is False


def test_machines_that_come_go_or_are_reached_anew_are_told(committed: Project) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    committed.file.write_text(COMPUTES + f"ssh: {{keys: [{key}]}}\n")
    shown = committed.run("diff", "small").stdout
    assert "small: 1 CHANGE OF TRUST; machines: 2 added, 3 with another first boot, 0 replaced, against HEAD (" in shown
    assert "added: cmp-1 cmp-2" in shown
    assert "user-data  ctl-1 ctl-2 ctl-3, the same change; for machines created from now on" in shown


def test_a_new_environment_is_told(committed: Project) -> None:
    (committed.root / "environments/other.yaml").write_text(ENVIRONMENT.replace("small", "other"))
    shown = committed.run("diff", "other").stdout
    assert shown.startswith("other is new, HEAD (")
    assert "added: ctl-1 ctl-2 ctl-3" in shown
    told = committed.json("diff", "other")
    assert told["new"] is True
    assert {node["change"] for node in told["nodes"].values()} == {"added"}


def test_a_file_in_no_repository_has_nothing_to_be_compared_with(committed: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(ENVIRONMENT)
    refused = committed.run("diff", str(outside), code=2)
    assert refused.stdout == ""
    assert f"{tmp_path} is in no git repository that can be read" in refused.stderr


def test_a_bad_base_is_bad_input(committed: Project) -> None:
    committed.file.write_text(ENVIRONMENT + "wrong: 1\n")
    repository.commit(committed.root)
    committed.file.write_text(ENVIRONMENT)
    refused = committed.run("diff", "small", code=2).stderr
    assert "--base HEAD: the environment of this revision cannot be rendered" in refused
    assert "environments/small.yaml:7: wrong" in refused
    assert "no such commit" in committed.run("diff", "small", "--base", "nothing", code=2).stderr


def test_a_project_without_git_is_bad_input(project: Project) -> None:
    assert "is in no git repository" in project.run("diff", "small", code=2).stderr


def test_an_old_base_is_rendered_by_its_own_templates(committed: Project) -> None:
    shutil.copytree(
        Path(hacienda.__file__).parent, committed.root / "hacienda", ignore=shutil.ignore_patterns("__pycache__")
    )
    # One from before there was a diff: it is synthesized.
    (committed.root / "hacienda/review/diff/__main__.py").unlink()
    repository.commit(committed.root)
    template = committed.root / "hacienda/services/templates/haproxy/haproxy.cfg.j2"
    template.write_text(template.read_text().replace("option redispatch", "option redispatch 2", 1))
    committed.extra["PYTHONPATH"] = str(committed.root)
    shown = committed.spawn("diff", "small", code=0).stdout
    assert "+    option redispatch 2\n" in shown
    assert f"{HAPROXY}  ctl-1 ctl-2 ctl-3, the same change; reload haproxy" in shown


def told(before: list[Sample], after: list[Sample], **more: Any) -> list[str]:
    """A diff's lines for people."""
    return [line.plain for line in describe(diffs.compare(rendering(before), rendering(after), **more))]


def test_what_a_terminal_obeys_is_not_printed() -> None:
    lines = told([Sample("ctl-1", {"/etc/x": "a\n"})], [Sample("ctl-1", {"/etc/x": "\x1b[2J\r\u202e\n"})])
    assert "    +\\x1b[2J\\r\\u202e" in lines


def test_what_is_left_out_is_said() -> None:
    lines = told([Sample("ctl-1", {"/etc/x": ""})], [Sample("ctl-1", {"/etc/x": "x\n" * 9})], lines=4)
    assert lines[1:] == ["    @@ line 1 @@", *["    +x"] * 4, "    ... and 5 more lines (--lines 0 shows all)",
                         "  daemons, on each machine in this order:", "    reload haproxy: ctl-1"]  # fmt: skip


def test_machines_that_are_made_anew_are_told_first() -> None:
    changed = Sample("ctl-2", user_data="#cloud-config\nhostname: x\n")
    lines = told([Sample("ctl-1"), Sample("ctl-2")], [changed, Sample("ctl-3")], replaces=True)
    assert lines[:3] == ["  removed: ctl-1", "  replaced: ctl-2", "  added: ctl-3"]
    assert lines[3] == "  user-data  ctl-2; these machines are replaced"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three controllers and two computes, committed and applied by Terraform to machines that are folders."""
    made = make_project(tmp_path_factory.mktemp("running") / "project")
    for name in ("cmp-1", "cmp-2", "cmp-3"):
        (made.machine(name)).mkdir()
    made.file.write_text(COMPUTES)
    (made.root / ".gitignore").write_text(".hacienda/\ncdktf.out/\nmachines/\n")
    repository.commit(made.root)
    made.run("apply", "small", "--yes")
    return made


CHANGES = {
    "HAProxy's time-out": COMPUTES + "services:\n  haproxy: {timeout: 77}\n",
    "Galera's option": COMPUTES + "services:\n  galera: {max_connections: 777}\n",
    "a setting of every machine": COMPUTES + "dns: {servers: [192.0.2.53]}\ntime: {servers: [192.0.2.123]}\n",
    "one more compute": COMPUTES.replace("compute: 2", "compute: 3"),
    "one compute less": COMPUTES.replace("compute: 2", "compute: {count: 2, without: [1]}"),
    "nothing": COMPUTES,
}
KEYS = ("change", "files", "restarts")
WORDS = {"create": "added", "delete": "removed", "update": "changed"}


def asked(project: Project, text: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, list[str]]]:
    """What plan and diff say of the machines when the environment becomes `text`, and the secrets that the plan changes."""
    project.file.write_text(text)
    members = project.json("plan", "small")["members"]
    nodes = project.json("diff", "small")["nodes"]
    planned = {node: {key: WORDS.get(str(told[key]), told[key]) for key in KEYS} for node, told in members.items()}
    for told in planned.values():
        if told["change"] != "changed":
            # A machine that comes or goes is told as a whole, not file by file.
            told["files"] = {}
    secrets = {node: told["secrets"] for node, told in members.items() if told["change"] == "update"}
    return planned, {node: {key: told[key] for key in KEYS} for node, told in nodes.items()}, secrets


AT_ONCE = {"HAProxy's time-out", "one compute less", "nothing"}


@pytest.mark.parametrize("changed", lanes.first(CHANGES, AT_ONCE.__contains__))
def test_diff_and_terraform_agree(running: Project, changed: str) -> None:
    planned, said, _ = asked(running, CHANGES[changed])
    assert said == planned
    assert bool(said) == (changed != "nothing")


def test_diff_and_terraform_agree_about_a_new_mode(running: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base is rendered by a process of its own, whose HAProxy has the mode that it always had."""
    haproxy = services.registry()["haproxy"]
    files = tuple(_readable(file) if isinstance(file, Template) else file for file in haproxy.files)
    others = [service for service in services.registry() if service is not haproxy]
    registry = Registry([*others, replace(haproxy, files=files)])
    monkeypatch.setattr(services, "registry", lambda: registry)
    planned, said, _ = asked(running, COMPUTES)
    assert said == planned
    assert {node: told["restarts"] for node, told in said.items()} == {name: ["reload haproxy"] for name in NODES}
    assert not any(told["files"] for told in said.values())


def _readable(file: Template) -> Template:
    return replace(file, mode=0o640) if file.path == HAPROXY else file


def test_new_certificates_are_the_plan_s_to_tell(running: Project) -> None:
    """A new domain is in every certificate, and certificates are secrets: diff knows none."""
    planned, said, secrets = asked(running, COMPUTES + "domain: elsewhere.example.org\n")
    assert {node: told["files"] for node, told in said.items()} == {n: told["files"] for n, told in planned.items()}
    more = {node: set(planned[node]["restarts"]) - set(told["restarts"]) for node, told in said.items()}
    assert "restart etcd" in more["ctl-1"]
    assert all(secrets[node] for node, asked_for in more.items() if asked_for)
