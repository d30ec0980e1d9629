"""Members that vote are not restarted on all machines in one night, because nobody attended to an upgrade."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloudinit.node import upgrades
from hacienda.services import galera
from tests.services import composed

APT = "/etc/apt/apt.conf.d/91hacienda-upgrades"
NEEDRESTART = "/etc/needrestart/conf.d/90-hacienda.conf"
PROBE = Path(services.__file__).parents[1] / "review/validation/probes/needrestart.sh"
ON = 'APT::Periodic::Unattended-Upgrade "1";\n'
HELD = ["^etcd-server$", "^mariadb-.*$"]
LISTED = "".join(f'Unattended-Upgrade::Package-Blacklist:: "{name}";\n' for name in HELD)


@pytest.fixture(name="root")
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with unattended upgrades, whose apt says what lies in `said`."""
    for program in ("usr/bin/unattended-upgrade", "stubs/apt-config"):
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / program).write_text(f'#!/bin/sh\ncat "{tmp_path}/said"\n')
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/stubs:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize(
    ("said", "lacking"),
    [
        (ON + LISTED, ""),
        (LISTED, ""),
        ("", ""),
        (ON, "^etcd-server$ ^mariadb-.*$"),
        (ON + LISTED.splitlines()[0] + "\n", "^mariadb-.*$"),
    ],
)
def test_upgrades_that_nobody_attends_to_leave_them_alone(root: Path, said: str, lacking: str) -> None:
    (root / "said").write_text(said)
    found = upgrades.faults(HELD, ["etcd", "galera"], root)
    assert [fault.what.endswith(f" lacks {lacking}") for fault in found] == ([True] if lacking else [])
    assert [fault.services for fault in found] == ([("etcd", "galera")] if lacking else [])


def test_a_machine_without_them_or_without_voters_has_no_fault(root: Path) -> None:
    (root / "said").write_text(ON)
    assert upgrades.faults([], [], root) == []
    (root / "usr/bin/unattended-upgrade").unlink()
    assert upgrades.faults(HELD, ["etcd"], root) == []


@pytest.mark.parametrize(
    ("text", "well"), [("foreach my $fn (sort </etc/needrestart/conf.d/*>) {\n", 1), ("# /etc/needrestart/conf.d\n", 0)]
)
def test_needrestart_has_to_read_its_folder(root: Path, text: str, well: int) -> None:
    (root / "said").write_text(LISTED)
    (root / "etc/needrestart").mkdir(parents=True)
    (root / "etc/needrestart/needrestart.conf").write_text(text)
    assert len(upgrades.faults(HELD, ["etcd"], root)) == 1 - well


@pytest.mark.parametrize("node", ["ctl-1", "arb-1"])
def test_what_votes_on_a_node_is_what_its_files_name(node: str, tmp_path: Path) -> None:
    """Read back by apt's and Perl's own parsers."""
    cloud = composed.cloud(tmp_path, composed.TWO_NODE)
    files = composed.rendered(cloud, "host", node)
    for path in (APT, NEEDRESTART):
        (tmp_path / Path(path).name).write_text(files[path].text)
    perl = subprocess.run(
        ["sh", PROBE, tmp_path / "90-hacienda.conf"], capture_output=True, text=True, check=True
    ).stdout
    voters = [service for service in cloud.running(cloud.node(node)) if service.held]
    assert {service.name for service in voters} == {"etcd", "galera", "rabbitmq"}
    assert len(perl.splitlines()) == sum(len(service.units) for service in voters)
    listed = [line.strip().strip('";') for line in files[APT].text.splitlines() if line.startswith("    ")]
    assert listed == sorted(f"^{name}$" for service in voters for name in service.held)
    assert ("^galera-arbitrator-4$" in listed) is (node == "arb-1")


def test_each_service_that_votes_says_what_is_held() -> None:
    for service in services.registry():
        for role in ("controller", "arbiter"):
            own = service.on(role)
            assert own.held or not (own.voters and own.packages), f"{service.name} on {role}"
    assert galera.service.on("arbiter").held == ("galera-arbitrator-4",)
