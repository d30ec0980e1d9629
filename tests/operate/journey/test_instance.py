"""What the console of an instance shows, and what the metadata service answers it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hacienda.operate.journey import instance
from hacienda.operate.journey.faults import LeftOutError, StepError
from hacienda.operate.journey.image import Image
from hacienda.operate.journey.traveller import Traveller

CONSOLE = """
[    0.5] something of the kernel
G started after 1.0 s
G address 192.168.1.5 after 2.0 s
G metadata 7d3f-11 after 3.0 s
"""


def prepared(traveller: Traveller, monkeypatch: pytest.MonkeyPatch, text: str, marker: str = "G") -> Traveller:
    monkeypatch.setattr(instance, "output", lambda _: text)
    monkeypatch.setattr(instance, "METADATA_SECONDS", 0)
    traveller.image = Image(marker=marker)
    traveller.made["server"] = SimpleNamespace(id="7d3f-11")
    return traveller


def test_the_console_is_the_line_with_the_address(traveller: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert instance.console(prepared(traveller, monkeypatch, CONSOLE)) == "G address 192.168.1.5 after 2.0 s"
    assert instance.console(prepared(traveller, monkeypatch, "one\n\ntwo\n\n", marker="")) == "two"


def test_the_guest_reads_its_own_identifier(traveller: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert instance.metadata(prepared(traveller, monkeypatch, CONSOLE)) == "7d3f-11 after 3.0 s"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (CONSOLE.replace("7d3f-11", "7d3f-1"), "answers 7d3f-1, another instance"),
        ("G address 192.168.1.5\n", "does not answer the guest"),
    ],
)
def test_another_answer_or_none_is_a_failure(
    text: str, what: str, traveller: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StepError, match=what):
        instance.metadata(prepared(traveller, monkeypatch, text))


def test_an_image_that_says_nothing_of_it_is_left_out(traveller: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LeftOutError):
        instance.metadata(prepared(traveller, monkeypatch, CONSOLE, marker=""))
