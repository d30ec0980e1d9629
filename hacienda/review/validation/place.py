"""Where the programs of the target operating system run: in the lab's image if there is one, else here with what is installed."""

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
    """A machine that does checks."""

    @property
    def title(self) -> str:
        """For people."""

    def lacks(self, program: Program) -> str:
        """Why a program cannot do its check here, as far as is known beforehand; empty: nothing speaks against it."""

    def identity(self, program: Program) -> str:
        """What its answers depend on beside the files."""

    def perform(self, order: Order) -> Answer:
        """Do the jobs of an order."""


class Image(Scratch):
    """A scratch machine that is made when it is needed: where everything is known already, it is not."""

    def perform(self, order: Order) -> Answer:
        """Do the jobs of an order in a machine of its own.

        Raises:
            ToolError: as `Scratch`.
        """
        with self:
            return super().perform(order)


def choose(packages: Iterable[str], of_image: Iterable[str]) -> Place:
    """The best place there is now. Nothing is started or built for it.

    Args:
        packages: every package of the nodes to be checked.
        of_image: every package of the image that they boot from in the lab.
    """
    image = _image(sorted(of_image)) if os.geteuid() == 0 else None
    return Image(image) if image else Installed(sorted(packages))


def _image(packages: list[str]) -> str | None:
    """The image for exactly these packages, if the lab has it."""
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
