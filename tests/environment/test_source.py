"""The YAML that is read, and where its values are."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda.environment import source
from hacienda.errors import InputError


def data(text: str) -> dict[str, object]:
    return source.parse(text.encode(), "test.yaml")[0]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("03", "03"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("99.9", 99.9),
        ("2025-01-01", "2025-01-01"),
        ("12:30", "12:30"),
        ("true", True),
        ("True", True),
        ("yes", "yes"),
        ("on", "on"),
        ("~", None),
        ("", None),
        ("null", None),
        ("'3'", "3"),
        ('"true"', "true"),
        ("! 3", "3"),
        ("[a, 1]", ["a", 1]),
        ("{a: 1}", {"a": 1}),
    ],
)
def test_plain_values_have_one_meaning(written: str, value: object) -> None:
    assert data(f"key: {written}\n") == {"key": value}
    assert type(data(f"key: {written}\n")["key"]) is type(value)


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert source.parse(b"\xef\xbb\xbfa: 1\r\nb: {c: 2}\r\n", "t")[0] == {"a": 1, "b": {"c": 2}}


def test_every_value_has_its_line() -> None:
    _, positions = source.parse(b"a: 1\nb:\n  - x\n  - {c: 2}\n", "t")
    assert positions.lines["a",] == 1
    assert positions.lines["b", 0] == 3
    assert positions.lines["b", 1, "c"] == 4


def test_a_field_that_was_not_written_is_located_at_what_is_around_it() -> None:
    _, positions = source.parse(b"name: x\nmachines:\n  controller:\n    count: 2\n", "t")
    assert positions.locate("machines.controller") == 3
    assert positions.locate("machines.controller.spread") == 3
    assert positions.locate("machines.compute") == 2
    assert positions.locate("time.servers") is None
    assert positions.locate("names") is None


def test_what_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InputError) as raised:
        data("a: 1\na: 2\nb: &x 1\nc: *x\nd: ${e}\n")
    assert [problem.line for problem in raised.value.problems] == [2, 3, 4, 5]


def test_a_huge_file_is_not_read() -> None:
    with pytest.raises(InputError, match="larger than 4 MiB"):
        source.parse(b"#" * (source.MAXIMUM_BYTES + 1), "t")


def test_a_deep_file_is_refused_quickly() -> None:
    with pytest.raises(InputError, match="more than 12 levels"):
        source.parse(b"a: " + b"[" * 100_000, "t")


def test_a_missing_file_and_a_folder_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        source.read(tmp_path / "missing.yaml")
    with pytest.raises(InputError, match="is a folder, not a file"):
        source.read(tmp_path)
    with pytest.raises(InputError):
        source.read(Path("a\0b"))


def test_a_value_is_shown_in_one_printable_line() -> None:
    assert source.display("a\x1b[31m\nb") == '"a\\u001b[31m\\nb"'
    assert len(source.display("x" * 500)) == 60
    assert source.display({"a": 1}) == "a mapping"


def test_a_private_key_is_not_shown() -> None:
    assert "PRIVATE" not in source.display("-----BEGIN OPENSSH PRIVATE KEY-----")
