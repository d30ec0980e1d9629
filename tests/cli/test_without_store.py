"""A plan where the secrets are not, as in a pull request: it shows what a change shows, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Project
from tests.provider import terraform
from tests.provider.fake_incus import Daemon, serving

ENVIRONMENT = """\
name: small
platform: {{type: incus, socket: {socket}, image: debian}}
networks:
  management: {{cidr: 192.0.2.0/24}}
machines:
  controller: 1
"""


@pytest.fixture
def incus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Path]]:
    socket = tmp_path_factory.mktemp("incus") / "socket"
    with serving(socket) as daemon:
        daemon.aliases["debian"] = "f" * 64
        yield daemon, socket


def planned(project: Project, stack: str) -> str:
    """What Terraform says of a stack, synthesized without the store."""
    project.run("synth", "small", "--no-secrets")
    folder = project.root / "cdktf.out/stacks" / stack
    ran = terraform.run(folder, "plan", "-no-color", "-input=false", extra=project.environment)
    assert ran.code == 0, ran.text
    return ran.flat


def test_without_the_store_nothing_changed_is_no_changes(project: Project, incus: tuple[Daemon, Path]) -> None:
    daemon, socket = incus
    project.file.write_text(ENVIRONMENT.format(socket=socket))
    project.run("apply", "small", "--yes")
    assert "ssh-ed25519 " in daemon.instances["ctl-1"]["config"]["cloud-init.user-data"]
    assert "No changes" in planned(project, "small-controller")
    store = project.root / ".hacienda/small/secrets"
    store.rename(project.root / "elsewhere")
    assert project.run("plan", "small", "--no-secrets", "--summary").stdout.count("No changes.") == 2
    assert not store.exists()
    project.file.write_text(project.file.read_text() + "services:\n  haproxy: {timeout: 77}\n")
    changed = planned(project, "small-controller")
    assert '~ "/etc/haproxy/haproxy.cfg"' in changed
    assert "hacienda_incus_instance.ctl-1 will be" not in changed
