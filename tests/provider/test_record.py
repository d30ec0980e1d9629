"""The operator's record of clusters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hacienda import errors, quorum
from hacienda.provider.record import Record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "cluster.json"


def voter(node: str) -> quorum.Departure:
    member = quorum.Member(node, {"etcd": 1}, {peer: {"etcd": 1} for peer in ("a", "b", "c") if peer != node})
    return quorum.Departure(member, "deleted")


def test_what_is_added_is_read_again(path: Path) -> None:
    assert Record(str(path)).read() == {}
    Record(str(path)).add({"etcd": "1"})
    Record(str(path)).add({"etcd": "1", "ovn": "2"})
    assert Record(str(path)).read() == {"etcd": "1", "ovn": "2"}


def test_another_id_is_refused(path: Path) -> None:
    Record(str(path)).add({"etcd": "1"})
    with pytest.raises(errors.ToolError, match="the nodes form cluster 2"):
        Record(str(path)).add({"etcd": "2"})
    assert Record(str(path)).read() == {"etcd": "1"}


def test_the_last_voter_that_is_destroyed_takes_the_id_along(path: Path) -> None:
    Record(str(path)).add({"etcd": "1"})
    for node in ("a", "b"):
        Record(str(path)).destroyed(voter(node))
        assert Record(str(path)).read() == {"etcd": "1"}
    Record(str(path)).destroyed(voter("c"))
    assert not path.exists()
    assert list(path.parent.iterdir()) == []


def test_a_voter_that_comes_back_is_not_among_the_departed(path: Path) -> None:
    Record(str(path)).add({"etcd": "1"})
    for node in ("a", "b"):
        Record(str(path)).destroyed(voter(node))
    Record(str(path)).arrived("a")
    Record(str(path)).destroyed(voter("c"))
    assert Record(str(path)).read() == {"etcd": "1"}


def test_without_a_path_there_is_no_record() -> None:
    Record(None).add({"etcd": "1"})
    Record(None).arrived("a")
    Record(None).destroyed(voter("a"))
    assert Record(None).read() == {}


def test_a_broken_record_is_the_operators_to_mend(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(errors.InputError, match="is not a JSON object"):
        Record(str(path)).read()


def test_the_file_is_readable_json(path: Path) -> None:
    Record(str(path)).add({"etcd": "1"})
    assert json.loads(path.read_text()) == {"etcd": "1"}
