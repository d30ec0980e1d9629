"""The lab's image is taken where there is one for these packages, and nothing is started for it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from hacienda.errors import ToolError
from hacienda.lab import command, daemon, recipe
from hacienda.review.validation import Image, Installed, choose

PACKAGES = ("haproxy", "chrony")
IMAGE = (*PACKAGES, "galera-arbitrator-4")


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A lab that is up, as root sees it; the aliases of its images."""
    aliases: list[str] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(daemon, "answers", lambda place: True)
    monkeypatch.setattr(command, "run", lambda argv: "amd64\n")
    monkeypatch.setattr(command, "listed", lambda place, path: [{"name": name, "target": "f00"} for name in aliases])
    return aliases


def test_the_image_that_the_nodes_boot_from_is_taken(lab: list[str]) -> None:
    alias = recipe.recipe(IMAGE, "amd64").alias
    lab.append(alias)
    place = choose(PACKAGES, IMAGE)
    assert isinstance(place, Image)
    assert place.title == f"the lab's image {alias}"


def test_an_image_of_other_packages_is_not(lab: list[str]) -> None:
    lab.append(recipe.recipe(["chrony"], "amd64").alias)
    assert isinstance(choose(PACKAGES, IMAGE), Installed)


def test_who_is_not_root_has_no_image(lab: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(daemon, "answers", lambda place: pytest.fail("it was asked"))
    assert isinstance(choose(PACKAGES, IMAGE), Installed)


def test_a_lab_that_is_down_or_broken_has_no_image(lab: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(place: Any, path: str) -> list[Any]:
        raise ToolError("it failed")

    monkeypatch.setattr(command, "listed", broken)
    assert isinstance(choose(PACKAGES, IMAGE), Installed)
    monkeypatch.setattr(daemon, "answers", lambda place: False)
    assert isinstance(choose(PACKAGES, IMAGE), Installed)
