"""`hacienda availability` and `hacienda timers`: what they print, as tables and as documents, and what they refuse."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Project

COMMANDS = ("availability", "timers")
OUTAGE = "VIP holder loses power: longest write outage"


def results(project: Project, text: str) -> None:
    folder = project.root / ".hacienda" / "small"
    folder.mkdir(parents=True)
    (folder / "measured.json").write_text(text)


def measured(seconds: float) -> str:
    one = {"seconds": seconds, "machine": "one", "date": "2026-03-01"}
    return json.dumps({"environment": "small", "drills": {OUTAGE: one}})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_broken_file_is_bad_input(project: Project, command: str) -> None:
    project.file.write_text("name: small\nnetworks: {management: {cidr: nonsense}}\nmachines: {controller: 3}\n")
    assert "environments/small.yaml:2" in project.run(command, "small", code=2).stderr
    assert {path.name for path in project.root.iterdir()} == {"environments", "machines"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_document_is_all_that_is_printed(project: Project, command: str) -> None:
    done = project.run(command, "small", "--json")
    assert json.loads(done.stdout)["environment"] == "small"
    assert done.stderr == ""


def test_availability_tells_paths_costs_changes_and_assumptions(project: Project) -> None:
    shown = project.run("availability", "small").stdout
    for said in (
        "small: target 99.9 %",
        "database write",
        "volume I/O: not in this environment (no service here stands in its path)",
        "controller machines: common cause",
        "What buys the next nine",
        "ctl-1 and ctl-2",
        "Nguyen et al. 2014",
        "failover of galera",
    ):
        assert said in shown


def test_availability_says_when_the_target_is_missed(project: Project) -> None:
    assert "missed" not in project.run("availability", "small").stdout
    project.file.write_text(project.file.read_text() + "availability: {target: 99.999}\n")
    assert "missed" in project.run("availability", "small").stdout
    told = project.json("availability", "small")
    assert told["met"] is False
    assert {path["met"] for path in told["paths"]} == {False}


def test_timers_tell_what_a_failure_is_made_up_of(project: Project) -> None:
    project.extra["COLUMNS"] = "400"
    shown = project.run("timers", "small").stdout
    assert "3 x advert_int 0.3 s + skew" in shown
    assert "contradiction" not in shown


def test_timers_are_readable_on_80_columns(project: Project) -> None:
    project.extra["COLUMNS"] = "80"
    told = project.run("timers", "small").stdout
    assert max(map(len, told.splitlines())) <= 80
    for one in project.json("timers", "small")["failures"]:
        words = one["formula"].split()
        assert set(words) <= set(told.split())  # no name of a setting is torn
        assert " ".join(words) in " ".join(told.split())  # nothing stands between the lines of a sum


def test_timers_follow_the_environments_options(project: Project) -> None:
    project.file.write_text(project.file.read_text() + "services: {haproxy: {check_timeout: 9}}\n")
    (hangs,) = (one for one in project.json("timers", "small")["failures"] if one["name"] == "keystone hangs")
    assert hangs["recovery"]["seconds"] == 2 + 3 * 9 + 2
    assert "contradiction: services: keystone hangs: 31 s at worst" in project.run("timers", "small").stdout


def test_timers_show_what_was_measured(project: Project) -> None:
    results(project, measured(2.345))
    project.extra["COLUMNS"] = "400"
    shown = project.run("timers", "small").stdout
    assert "2.35" in shown or "2.34" in shown
    assert "contradiction" not in shown


def test_timers_tell_a_measured_value_beyond_the_budget(project: Project) -> None:
    results(project, measured(9.5))
    told = project.run("timers", "small").stdout
    assert f"{OUTAGE}: 9.5 s measured (one, 2026-03-01), beyond the budget of 2.5 s: " in told
    assert [one["name"] for one in project.json("timers", "small")["failures"] if one["exceeded"]] == [
        "machine with the virtual IP and the database's writer lost"
    ]


def test_timers_refuse_results_that_are_none(project: Project) -> None:
    results(project, "{}")
    told = project.run("timers", "small", code=2).stderr
    assert "measured.json" in told
    assert "`drills`" in told
