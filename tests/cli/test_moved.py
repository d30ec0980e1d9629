"""Packages that are not those of the last green run are named with the nodes that have them, and are no fault."""

from __future__ import annotations

import pytest

from hacienda.cli import status
from hacienda.lab import versions
from hacienda.operate.status import Answer, Health
from hacienda.remote.node import Diagnosis

TESTED = {"mariadb-server": "11.8.6", "etcd-server": "3.5.16"}


def test_moved_packages_are_named_with_their_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "green", lambda: TESTED)
    moved = Diagnosis(packages={**TESTED, "mariadb-server": "11.8.9", "jq": "1"})
    answers = (
        Answer("ctl-1", diagnosis=moved),
        Answer("ctl-2", diagnosis=Diagnosis(packages=TESTED)),
        Answer("ctl-3", diagnosis=moved),
        Answer("ctl-4", silence="does not answer", reached=False),
    )
    found = Health("lab", answers, (), {}, ())
    assert status.moved(found) == ["not as tested: mariadb-server 11.8.6 -> 11.8.9 (ctl-1 ctl-3)"]
    assert found.well


def test_nothing_is_said_before_there_was_a_green_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "green", dict)
    assert status.moved(Health("lab", (Answer("ctl-1", diagnosis=Diagnosis(packages=TESTED)),), (), {}, ())) == []
