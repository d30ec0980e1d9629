"""What was accepted is not read again, until anything that the answer depends on is another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hacienda.cloudinit import NodeOutput, RenderedFile
from hacienda.review import validation
from hacienda.review.validation import Cache, Report, cache, shell
from tests.review.test_validation import Machine, needs, only, with_file

HAPROXY = "/etc/haproxy/haproxy.cfg"


def validated(output: NodeOutput, machine: Machine, path: Path | None) -> Report:
    return validation.validate([output], needs(), machine, Cache(path))


def haproxy() -> NodeOutput:
    return only(HAPROXY, "/etc/hosts")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "validation"


def test_a_second_validation_asks_nobody_and_says_the_same(path: Path) -> None:
    first, second = Machine(), Machine()
    one, other = validated(haproxy(), first, path), validated(haproxy(), second, path)
    assert (first.orders, second.orders) == (1, 0)
    assert [(str(r), r.version) for r in one.results] == [(str(r), r.version) for r in other.results]
    assert (one.known, other.known) == (0, len(other.programs))


@pytest.mark.parametrize("path", [None], ids=["nowhere"])
def test_without_a_place_everything_is_read_again(path: None) -> None:
    machine = Machine()
    validated(haproxy(), machine, path)
    validated(haproxy(), machine, path)
    assert machine.orders == 2


def test_a_refusal_is_asked_for_again(path: Path) -> None:
    refusing, accepting = Machine("haproxy -c", "no"), Machine()
    assert [r.subject.file.path for r in validated(haproxy(), refusing, path).refused] == [HAPROXY]
    assert validated(haproxy(), accepting, path).refused == ()
    assert [job["command"] for job in accepting.work["jobs"]] == ['haproxy -c -f "$1"']


def test_another_text_is_read(path: Path) -> None:
    machine, output = Machine(), haproxy()
    validated(output, machine, path)
    (file,) = (file for file in output.files if file.path == HAPROXY)
    validated(with_file(output, replace(file, text=file.text + "\n")), machine, path)
    assert machine.orders == 2


def test_a_program_reads_its_file_again_when_a_neighbour_is_another(path: Path) -> None:
    machine, output = Machine(), haproxy()
    validated(output, machine, path)
    validated(with_file(output, RenderedFile("/etc/hosts", "127.0.0.1 x\n", "hosts", "host")), machine, path)
    assert [job["command"] for job in machine.work["jobs"]] == ['haproxy -c -f "$1"']


def test_another_image_is_asked(path: Path) -> None:
    validated(haproxy(), Machine(), path)
    other = Machine(image="two")
    validated(haproxy(), other, path)
    assert other.orders == 1


def test_other_checks_are_made(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    validated(haproxy(), Machine(), path)
    monkeypatch.setattr(cache, "_code", lambda: "another")
    machine = Machine()
    validated(haproxy(), machine, path)
    assert machine.orders == 1


def test_scripts_are_not_shown_to_shellcheck_twice(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = only("/usr/lib/hacienda/lib.sh")
    validated(output, Machine(), path)
    monkeypatch.setattr(shell, "refusals", lambda scripts: pytest.fail("it was asked"))
    assert validated(output, Machine(), path).refused == ()


def test_a_file_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert validated(haproxy(), Machine(), tmp_path / "file" / "below").refused == ()


def test_lines_that_mean_nothing_are_passed_over(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\n\nhalf a li")
    assert validated(haproxy(), Machine(), path).known == 0


def test_it_does_not_grow_without_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_LINES", 10)
    for number in range(25):
        Cache(path).add({f"key-{number}": "1"})
    assert len(path.read_text().splitlines()) <= 10
    assert Cache(path).version("key-24") == "1"


def test_default_path_follows_the_operator_s_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.default_path() == tmp_path / "hacienda/validation"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.default_path() == tmp_path / ".cache/hacienda/validation"


def test_what_a_place_lacks_is_told_and_the_rest_is_checked() -> None:
    machine = Machine(without="haproxy")
    report = validated(only(HAPROXY, "/etc/nftables.conf"), machine, None)
    assert [(r.check, r.said) for r in report.unchecked] == [("haproxy -c", "it has no haproxy")]
    assert {r.check for r in report.programs} >= {"nft -c"}
