"""Result files of the drills, and what a budget makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hacienda.assess.timers import Drill, budget, load, save
from hacienda.errors import InputError
from tests.frozen import lab

OUTAGE = "VIP holder loses power: longest write outage"


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "lab" / "measured.json"
    save(path, "lab", {OUTAGE: 2.1999, "lab up, everything": 65.0})
    drills = load(path)
    assert [(drill.name, drill.seconds) for drill in drills] == [(OUTAGE, 2.2), ("lab up, everything", 65.0)]
    assert all(drill.machine and drill.date for drill in drills)


def test_no_file_is_no_drill(tmp_path: Path) -> None:
    assert load(tmp_path / "measured.json") == ()


def test_other_drills_stay_when_one_is_run_again(tmp_path: Path) -> None:
    path = tmp_path / "measured.json"
    save(path, "lab", {OUTAGE: 2.2, "writer hangs: longest write outage": 1.9})
    save(path, "lab", {OUTAGE: 2.3})
    assert {drill.name: drill.seconds for drill in load(path)} == {
        OUTAGE: 2.3,
        "writer hangs: longest write outage": 1.9,
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seconds": "2 s"}, "the seconds '2 s', which are no valid number"),
        ({"seconds": True}, "True, which are no valid number"),
        ({"seconds": -1}, "-1, which are no valid number"),
        ({"seconds": None}, "None, which are no valid number"),
        ({"date": "yesterday"}, "the date 'yesterday', which is no valid date"),
        ({"date": 2026}, "the date 2026, which is no valid date"),
        ({"machine": 2}, "no machine"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    path = tmp_path / "measured.json"
    good = {"seconds": 2.2, "machine": "one", "date": "2026-03-01"}
    path.write_text(json.dumps({"environment": "lab", "drills": {OUTAGE: good | change}}))
    with pytest.raises(InputError) as refused:
        load(path)
    assert says in str(refused.value)
    assert OUTAGE in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", "{}", '{"drills": [1]}', '{"drills": {"a": 2}}'])
def test_what_is_no_document_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "measured.json"
    path.write_text(text)
    with pytest.raises(InputError):
        load(path)


def test_drills_stand_beside_their_failures() -> None:
    drills = (Drill(OUTAGE, 2.2, "m", "d"), Drill(OUTAGE, 2.4, "m", "d"), Drill("lab up, everything", 65, "m", "d"))
    found = budget(lab(), drills)
    (line,) = (line for line in found.lines if line.measured)
    assert line.failure.name == "machine with the virtual IP and the database's writer lost"
    assert line.longest is not None
    assert line.longest.seconds == 2.4
    assert not line.exceeded
    assert [drill.name for drill in found.others] == ["lab up, everything"]


def test_a_drill_beyond_its_budget_is_told() -> None:
    found = budget(lab(), (Drill(OUTAGE, 2.6, "m", "d"),))
    assert [line.failure.name for line in found.lines if line.exceeded] == [
        "machine with the virtual IP and the database's writer lost"
    ]
    (contradiction,) = found.contradictions
    assert "2.6 s measured (m, d), beyond the budget of 2.5 s" in contradiction.reason
    (told,) = (one for one in found.to_json()["failures"] if one["exceeded"])
    assert told["measured"] == [{"name": OUTAGE, "seconds": 2.6, "machine": "m", "date": "d"}]


def test_every_drill_of_a_budget_is_one_that_the_lab_runs() -> None:
    written = (Path(__file__).parents[2] / "lab" / "test_drills.py").read_text()
    for line in budget(lab()).lines:
        for drill in line.failure.drills:
            event, _, what = drill.partition(": ")
            assert event in written, drill
            assert what in written, drill
