"""Where programs of the target operating system run: in the lab's image if one exists, otherwise as installed on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Protocol

from hacienda import lab
from hacienda.errors import ToolError
from hacienda.lab import command, daemon, recipe
from hacienda.review.validation.checkers import Program
from hacienda.review.validation.installed import Installed
from hacienda.review.validation.scratch import Scratch
from hacienda.review.validation.work import Answer, Order


class Place(Protocol):
    """A machine that runs checks."""

    @property
    def title(self) -> str:
        """Name of the place for people."""

    def lacks(self, program: Program) -> str:
        """Why a program cannot run here, as far as is known beforehand; empty: no reason is known."""

    def identity(self, program: Program) -> str:
        """What the program's answers depend on beside the files."""

    def perform(self, order: Order) -> Answer:
        """Run the jobs of an order."""


class Image(Scratch):
    """A scratch machine that is created only when jobs must run."""

    def perform(self, order: Order) -> Answer:
        """Run the jobs of an order in a new machine.

        Raises:
            ToolError: as in `Scratch.perform`.
        """
        with self:
            return super().perform(order)


def choose(packages: Iterable[str], of_image: Iterable[str]) -> Place:
    """The best place that exists now. The function starts and builds nothing.

    Args:
        packages: all packages of the nodes to check.
        of_image: all packages of the image from which they boot in the lab.
    """
    image = _image(sorted(of_image)) if os.geteuid() == 0 else None
    return Image(image) if image else Installed(sorted(packages))


def _image(packages: list[str]) -> str | None:
    """Alias of the lab's image for exactly these packages; None: the lab does not run, or has no such image."""
    place = lab.Lab()
    if not daemon.answers(place):
        return None
    try:
        architecture = command.run(("dpkg", "--print-architecture")).strip()
        alias = recipe.recipe(packages, architecture).alias
        there = {entry["name"] for entry in command.listed(place, "/1.0/images/aliases?recursion=1")}
    except ToolError:
        return None
    return alias if alias in there else None
