"""Attacks on trust as pull requests: each adds somebody who reads secrets or stands between, and no rendered file shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pyrage import x25519

from tests import lanes, repository
from tests.cli.conftest import ENVIRONMENT, Project

ATTACKER = x25519.Identity.generate()
OPERATOR = x25519.Identity.generate()
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
STORE = f"secrets: {{backend: age, recipients: [{OPERATOR.to_public()}]}}\n"

ATTACKS = {
    "a recipient": (
        STORE,
        STORE.replace("]", f", {ATTACKER.to_public()}]"),
        "secrets.recipients",
        f"+ {ATTACKER.to_public()}",
    ),
    "a jump host": ("", "ssh: {jump: evil.example.org}\n", "ssh.jump", "+ evil.example.org"),
    "an operator's key": ("", f"ssh: {{keys: ['{KEY}']}}\n", "ssh.keys", f"+ {KEY}"),
    "another store": (STORE, STORE.replace("{", "{path: elsewhere, "), "secrets.path", "+ elsewhere"),
    "a state": (
        "",
        "state: {backend: http, options: {address: 'https://evil.example.org'}}\n",
        "state.options",
        "+ address: https://evil.example.org",
    ),
    "a name": ("", "api: {internal_name: evil.example.org}\n", "api.internal_name", "+ evil.example.org"),
    "a proxy": (
        "",
        "packages: {proxy: 'http://evil.example.org:3128'}\n",
        "packages.proxy",
        "+ http://evil.example.org:3128",
    ),
    "operators": (
        "",
        "services: {firewall: {operator_networks: [198.51.100.0/24]}}\n",
        "services.firewall.operator_networks",
        "+ 198.51.100.0/24",
    ),
    "a rule": (
        "",
        "firewall_rules: [{name: x, ports: [9999], sources: [any]}]\n",
        "firewall_rules",
        '"sources": ["any"]',
    ),
    "an override": (
        "",
        "services: {rabbitmq: {overrides: {channel_max: 5}}}\n",
        "services.rabbitmq.overrides",
        "+ channel_max: 5",
    ),
}


@pytest.fixture
def reviewed(project: Project) -> Project:
    """`small`, committed."""
    (project.root / ".gitignore").write_text(".hacienda/\nmachines/\ncdktf.out/\nreport.*\n")
    (project.root / "known_hosts").write_text("192.0.2.11 ssh-ed25519 AAAAgood\n")
    repository.commit(project.root)
    return project


def proposed(project: Project, before: str, after: str) -> None:
    """Commit the one, and have the other in the working tree."""
    project.file.write_text(ENVIRONMENT + before)
    repository.commit(project.root)
    project.file.write_text(ENVIRONMENT + after)


@pytest.mark.parametrize("name", lanes.first(ATTACKS, {"a recipient", "a jump host", "a state", "a rule"}.__contains__))
def test_the_attack_comes_first_and_red(reviewed: Project, name: str) -> None:
    before, after, path, line = ATTACKS[name]
    proposed(reviewed, before, after)
    title, first, *rest = reviewed.run("diff", "small").stdout.splitlines()
    assert re.match(r"small: [1-9] CHANGES? OF TRUST; ", title), title
    assert first.startswith("  TRUST ")
    shown = "\n".join([first, *rest])
    assert f"TRUST {path}: this decides " in shown
    assert line in shown
    found = reviewed.json("diff", "small")
    assert path in [change["path"] for change in found["trust"]]
    assert found["changes"]


def test_the_report_names_it_before_everything_and_never_folds_it(reviewed: Project) -> None:
    before, after, path, line = ATTACKS["a recipient"]
    proposed(reviewed, before, after)
    comment = reviewed.run("report", "small", "--base", "HEAD", code=None).stdout
    assert comment.splitlines()[1].startswith("## ❌ small: 1 CHANGE OF TRUST; ")
    trust = comment.index("### ❌ Changes of trust")
    assert trust < comment.index("<details")
    assert "secrets.recipients" in comment[: comment.index("<details")]
    assert f"```diff\n{line}\n```" in comment[trust : comment.index("<details")]
    page = reviewed.run("report", "small", "--base", "HEAD", "--format", "html", code=None).stdout
    section = page.partition('<section id="trust"')[2].partition("</section>")[0]
    assert line.removeprefix("+ ") in section
    assert 'class="bad"' in section
    assert "<details" not in section
    document = json.loads(reviewed.run("report", "small", "--base", "HEAD", "--format", "json", code=None).stdout)
    assert [change["path"] for change in document["diff"]["trust"]] == [path]


def test_it_is_not_cut_where_hundreds_of_lines_change(reviewed: Project) -> None:
    keys = [f"'{KEY[:-5]}{number:05d}'" for number in range(10000, 10064)]
    headers = ", ".join(f"'http-response set-header X-{number} 1'" for number in range(500))
    options = f"services: {{haproxy: {{overrides: {{listen keystone-api: [{headers}]}}}}}}\n"
    proposed(reviewed, "", f"ssh: {{keys: [{', '.join(keys)}]}}\n{options}")
    comment = reviewed.run("report", "small", "--base", "HEAD", code=None).stdout
    assert all(f"+ {key[1:-1]}" in comment for key in keys)
    assert reviewed.run("diff", "small", "--lines", "1").stdout.count("set-header X-") >= 500


@pytest.mark.parametrize("file", ["known_hosts", "environments/small.secrets"])
def test_a_file_that_is_trusted_is_compared_by_what_it_holds(reviewed: Project, file: str) -> None:
    (reviewed.root / "environments/small.secrets").write_text("-----BEGIN AGE ENCRYPTED FILE-----\n")
    proposed(reviewed, STORE, STORE)
    assert "no differences" in reviewed.run("diff", "small").stdout
    with (reviewed.root / file).open("a") as opened:
        opened.write("192.0.2.11 ssh-ed25519 AAAAevil\n")
    said = reviewed.run("diff", "small").stdout
    assert "small: 1 CHANGE OF TRUST; " in said
    if file == "known_hosts":
        assert "TRUST platform.known_hosts (known_hosts): this decides which machines get bundles and secrets" in said
        assert "+ 192.0.2.11 ssh-ed25519 AAAAevil" in said
        assert "AAAAgood" not in said
    else:
        assert "TRUST secrets (the encrypted file): this decides every secret" in said
        assert said.count("SHA-256") == 2


def test_a_file_of_this_machine_alone_is_no_change(reviewed: Project) -> None:
    (reviewed.root / ".gitignore").write_text(".hacienda/\nmachines/\ncdktf.out/\nknown_hosts\n")
    repository.git(reviewed.root, "rm", "--quiet", "--cached", "known_hosts")
    proposed(reviewed, "", "")
    (reviewed.root / "known_hosts").write_text("192.0.2.11 ssh-ed25519 AAAAother\n")
    assert "no differences" in reviewed.run("diff", "small").stdout


def test_what_trusts_nobody_is_no_change_of_trust(reviewed: Project) -> None:
    proposed(reviewed, "", "services: {haproxy: {timeout: 77}}\n")
    assert "TRUST" not in reviewed.run("diff", "small").stdout
    comment = reviewed.run("report", "small", "--base", "HEAD", code=None).stdout
    assert "| ✅ | **Changes of trust** | none: " in comment
    assert "### " not in comment


def test_a_new_environment_trusts_whom_it_names(reviewed: Project, tmp_path: Path) -> None:
    reviewed.file.rename(reviewed.file.with_name("other.yaml"))
    said = reviewed.run("diff", "other").stdout
    assert "TRUST platform.known_hosts: " in said


def test_plan_and_apply_say_it_before_everything_else(applied: Project, tmp_path: Path) -> None:
    project = applied.copy(tmp_path / "project")
    assert "TRUST" not in project.run("plan", "small", "--summary").stdout
    project.file.write_text(ENVIRONMENT + "ssh: {jump: gate.example.org}\n")
    planned = project.run("plan", "small", "--summary").stdout.splitlines()
    assert planned[0] == "small: 1 CHANGE OF TRUST since the last apply from this machine"
    assert planned[1:3] == [
        "  TRUST ssh.jump: this decides which host the connections to the machines pass through",
        "    + gate.example.org",
    ]
    assert [one["after"] for one in project.json("plan", "small")["trust"]] == ["gate.example.org"]
    refused = project.run("apply", "small", code=2).stderr
    assert refused.index("TRUST ssh.jump") < refused.index("Standard input is no terminal")
    project.run("apply", "small", "--yes")
    assert "TRUST" not in project.run("plan", "small", "--summary").stdout
    (project.root / ".hacienda/small/trusted.json").write_text("[")
    assert "TRUST ssh.jump" in project.run("plan", "small", "--summary").stdout
