"""What is done to a machine is a list, and holds only what is still to be done."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from hacienda import errors
from hacienda.lab import apt_sources, layout, machine, steps

LAB = layout.Lab(folder=Path("/srv/lab"))
SOURCES = apt_sources.parse_one_line(
    "deb http://mirror.example/debian bookworm main\ndeb http://mirror.example/debian bookworm-updates main\n"
)
BARE = machine.HostMachine(
    os_id="debian",
    version="12",
    codename="bookworm",
    systemd=False,
    policy=False,
    installed=frozenset(),
    sources=SOURCES,
    unmapped=("/etc/subuid", "/etc/subgid"),
    marked=False,
    running=False,
    free_bytes=100 * 2**30,
)
TRIXIE = dataclasses.replace(BARE, version="13", codename="trixie", systemd=True)
UBUNTU = dataclasses.replace(BARE, os_id="ubuntu", version="24.04", codename="noble", systemd=True, sources=())
READY = dataclasses.replace(BARE, installed=frozenset(steps.PACKAGES), unmapped=(), marked=True, running=True)


def _plan(found: machine.HostMachine, mirror: apt_sources.Mirror | None = None) -> tuple[steps.Step, ...]:
    return steps.plan("lab", LAB, found, mirror)


def test_a_bare_debian_12_gets_incus_from_backports_on_its_own_mirror() -> None:
    todo = _plan(BARE)
    written, refreshed, incus, helpers = todo[:4]
    assert isinstance(written, steps.WriteFile)
    assert "URIs: http://mirror.example/debian\n" in written.text
    assert refreshed == steps.RefreshPackages()
    assert incus == steps.Install(("incus-base", "incus-client"), "bookworm-backports", hold=True)
    assert isinstance(helpers, steps.Install)
    assert helpers.release == ""
    assert todo[4:] == (
        steps.AppendLine("/etc/subuid", "root:1000000:1000000000"),
        steps.AppendLine("/etc/subgid", "root:1000000:1000000000"),
        steps.Claim(LAB),
        steps.Clear(LAB),
        steps.StartDaemon(LAB, systemd=False),
        steps.Initialise(LAB),
        steps.MakeProject(LAB, "hacienda-lab"),
    )


def test_limits_that_are_too_low_are_raised_before_the_daemon_starts() -> None:
    todo = _plan(dataclasses.replace(BARE, limits=(("fs.inotify.max_user_instances", 1048576),)))
    raised = steps.RaiseLimits((("fs.inotify.max_user_instances", 1048576),))
    assert str(raised) == "raise fs.inotify.max_user_instances to 1048576"
    assert todo.index(raised) < todo.index(steps.StartDaemon(LAB, systemd=False))


def test_backports_that_are_there_are_not_written_again() -> None:
    sources = (*SOURCES, *apt_sources.parse_one_line("deb http://mirror.example/debian bookworm-backports main\n"))
    todo = _plan(dataclasses.replace(BARE, sources=sources))
    assert not any(isinstance(step, steps.WriteFile) for step in todo)


def test_the_operators_mirror_goes_before_the_machines_own() -> None:
    written = _plan(BARE, apt_sources.Mirror("http://other.example/debian"))[0]
    assert isinstance(written, steps.WriteFile)
    assert "URIs: http://other.example/debian\n" in written.text


@pytest.mark.parametrize("found", [TRIXIE, UBUNTU], ids=["debian-13", "ubuntu-24.04"])
def test_newer_releases_have_incus_themselves_and_run_it_under_systemd(found: machine.HostMachine) -> None:
    todo = _plan(found)
    assert todo[0] == steps.RefreshPackages()
    assert steps.Install(("incus-base", "incus-client")) in todo
    assert steps.StartDaemon(LAB, systemd=True) in todo


def test_a_prepared_machine_has_nothing_installed_started_or_cleared() -> None:
    assert _plan(READY) == (steps.Initialise(LAB), steps.MakeProject(LAB, "hacienda-lab"))


def test_a_dead_daemon_is_cleared_away_before_a_new_one_starts() -> None:
    todo = _plan(dataclasses.replace(READY, running=False))
    assert todo[:2] == (steps.Clear(LAB), steps.StartDaemon(LAB, systemd=False))


def test_only_missing_packages_are_installed_and_a_policy_that_is_there_is_kept() -> None:
    found = dataclasses.replace(READY, installed=frozenset(steps.PACKAGES) - {"mmdebstrap"}, policy=True)
    assert _plan(found)[:2] == (steps.RefreshPackages(), steps.Install(("mmdebstrap",), hold=False))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"os_id": "fedora", "version": "42"}, "fedora 42"),
        ({"version": "11"}, "debian 11"),
        ({"free_bytes": 3 * 2**30}, "3.0 GiB of free space"),
        ({"sources": ()}, "name no Debian mirror"),
    ],
)
def test_a_machine_that_cannot_do_it_is_refused_with_the_reason(change: dict[str, object], words: str) -> None:
    with pytest.raises(errors.ToolError, match=words) as refused:
        _plan(dataclasses.replace(BARE, **change))  # type: ignore[arg-type]
    assert refused.value.fix
    assert refused.value.exit_code == 3


def test_each_step_says_in_words_what_it_does() -> None:
    words = [str(step) for step in _plan(BARE)]
    assert words[0] == "write /etc/apt/sources.list.d/hacienda-backports.sources"
    assert words[2] == "install incus-base, incus-client from bookworm-backports"
    assert "start an Incus daemon on /srv/lab/unix.socket" in words
    assert not [text for text in words if "(" in text and "btrfs" not in text]


def test_the_preseed_has_one_pool_and_a_profile_without_a_network() -> None:
    seed = json.loads(steps.preseed(dataclasses.replace(LAB, pool="own", pool_size="9GiB")))
    (pool,) = seed["storage_pools"]
    assert (pool["name"], pool["driver"], pool["config"]["size"]) == ("own", "btrfs", "9GiB")
    (profile,) = seed["profiles"]
    assert profile["devices"] == {"root": {"type": "disk", "path": "/", "pool": "own"}}
    assert "networks" not in seed


def test_two_labs_share_no_name_on_the_host() -> None:
    other = layout.Lab(folder=Path("/srv/other"))
    assert LAB.unit != other.unit
    assert not {LAB.socket, LAB.log, LAB.workspace} & {other.socket, other.log, other.workspace}
    assert layout.socket_path() == Path("/var/lib/hacienda-lab/unix.socket")
