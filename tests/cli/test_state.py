"""Terraform's state on a server: the `http` back end for real, with its locks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cli import state_server
from tests.cli.conftest import Project
from tests.provider import terraform

ENVIRONMENT = """\
name: small
platform: {{type: existing, known_hosts: known_hosts}}
networks:
  management: {{cidr: 192.0.2.0/24}}
machines:
  controller: 1
state:
  backend: http
  options: {{address: "{address}", lock_address: "{address}", unlock_address: "{address}", retry_max: 0}}
"""
STACK = "small-controller"
STATE = f"/state/{STACK}"


@pytest.fixture
def server() -> Iterator[state_server.Server]:
    with state_server.serving() as made:
        yield made


def test_a_state_on_a_server_is_used_locked_and_given_back(project: Project, server: state_server.Server) -> None:
    project.file.write_text(ENVIRONMENT.format(address=server.address))
    project.run("apply", "small", "--yes")
    addresses = {f"{r['type']}.{r['name']}" for r in json.loads(server.states[STATE])["resources"]}
    assert addresses == {"hacienda_member.ctl-1", "hacienda_gate.controller"}
    assert not list((project.root / ".hacienda").rglob("*.tfstate"))
    assert server.locks == {}
    before = server.states[STATE]
    assert "No changes." in project.run("apply", "small", "--yes").stdout
    assert server.states[STATE] == before

    server.locks[STATE] = {"ID": "1"}
    folder = project.root / "cdktf.out/stacks" / STACK
    refused = terraform.run(folder, "apply", "-no-color", "-auto-approve", extra=project.environment)
    assert refused.code == 1
    assert "Error acquiring the state lock" in refused.flat
    assert "HTTP remote state already locked: ID=1" in refused.flat
    assert server.states[STATE] == before
    del server.locks[STATE]
    assert "No changes" in terraform.run(folder, "plan", "-no-color", extra=project.environment).flat
    assert server.requests.count(f"LOCK {STATE}") == server.requests.count(f"UNLOCK {STATE}") + 1
