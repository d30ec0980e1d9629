"""What is read from the machine's own files."""

from __future__ import annotations

import pytest

from hacienda import errors
from hacienda.lab import command, machine


def test_os_release_is_read_with_and_without_quotes() -> None:
    text = '# remark\nID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
    assert machine.parse_os_release(text) == {
        "ID": "debian",
        "VERSION_ID": "12",
        "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)",
    }


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("root:1000000:1000000000\n", True),
        ("0:100000:65536\n", True),
        ("root:100000:65535\n", False),
        ("anna:100000:65536\n", False),
        ("root:100000\n", False),
        ("", False),
    ],
)
def test_root_needs_subordinate_ids_of_its_own(text: str, enough: bool) -> None:
    assert machine.maps_root(text) is enough


def test_a_failing_program_is_told_with_its_last_words() -> None:
    with pytest.raises(errors.ToolError, match=r"failed with exit code 4:\n  no room"):
        command.run(("sh", "-c", "echo no room >&2; exit 4"))


def test_a_missing_program_is_told_with_what_to_do() -> None:
    with pytest.raises(errors.ToolError, match="is not installed") as told:
        command.run(("hacienda-no-such-program",))
    assert told.value.fix


def test_a_program_that_does_not_end_is_ended() -> None:
    with pytest.raises(errors.ToolError, match="did not end within 0 s"):
        command.run(("sleep", "5"), seconds=0.1)
