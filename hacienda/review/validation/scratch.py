"""A scratch machine: a container from the lab's image, without network, that checks files and is deleted afterwards."""

from __future__ import annotations

import functools
import secrets
import tempfile
from pathlib import Path
from types import TracebackType

from hacienda import lab
from hacienda.lab import command
from hacienda.lab.layout import Lab
from hacienda.review.validation.checkers import HOME, Program
from hacienda.review.validation.work import Answer, Order

PROJECT = "default"
"""Incus project of scratch machines. Every lab has it, it is deleted with the lab, and no environment uses it."""

_LIMIT_SECONDS = 1800
"""Time limit for all jobs together. A thousand machines on a busy host take some minutes."""

_LIFE_SECONDS = 2 * _LIMIT_SECONDS


class Scratch:
    """A container that exists while its context is active.

    Args:
        image: alias or fingerprint of an image (`hacienda.lab.build`).
        where: lab whose daemon runs the container; default: the default lab.
    """

    def __init__(self, image: str, *, where: lab.Lab | None = None) -> None:
        self._lab = where or lab.Lab()
        self._image = image
        self._project = f"--project={PROJECT}"
        self._name = f"validation-{secrets.token_hex(4)}"

    def __enter__(self) -> Scratch:
        # No check needs a booted operating system, and booting would take a core for some seconds. If this process is
        # killed, the machine stops by itself after its lifetime, and Incus deletes it.
        init = f"--config=raw.lxc=lxc.init.cmd = /usr/bin/sleep {_LIFE_SECONDS}"
        command.incus(self._lab, "launch", self._image, self._name, self._project, "--ephemeral", "--quiet", init)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        command.incus(self._lab, "delete", "--force", self._project, self._name)

    @property
    def title(self) -> str:
        """Name of the place for people."""
        return f"the lab's image {self._image}"

    def lacks(self, program: Program) -> str:
        """Empty, because no reason is known beforehand."""
        return ""

    def identity(self, program: Program) -> str:
        """Fingerprint of the image: its programs do not change after the build."""
        return fingerprint(self._lab, self._image)

    def perform(self, order: Order) -> Answer:
        """Run the jobs of an order.

        Raises:
            ToolError: the machine or the program that runs the jobs fails. A refused file is an answer, not an error.
        """
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "order.tar"
            archive.write_bytes(order.archive)
            self.put(archive, f"{HOME}/order.tar")
        self.run("tar", "--extract", f"--directory={HOME}", f"--file={HOME}/order.tar", "--no-same-owner")
        return Answer.parse(self.run("unshare", "--mount", "--", "python3", order.program, HOME))

    def put(self, path: Path, target: str) -> None:
        """Copy a file to an absolute path in the machine."""
        push = ("file", "push", "--quiet", "--create-dirs", self._project, str(path), f"{self._name}{target}")
        command.incus(self._lab, *push)

    def run(self, *argv: str) -> str:
        """Run a program in the machine and return its output.

        Raises:
            ToolError: the program fails.
        """
        return command.incus(self._lab, "exec", self._project, self._name, "--", *argv, seconds=_LIMIT_SECONDS)


@functools.cache
def fingerprint(where: Lab, image: str) -> str:
    """Fingerprint of the image of an alias; the alias itself if the lab does not know it."""
    aliases = command.listed(where, "/1.0/images/aliases?recursion=1")
    return next((str(alias["target"]) for alias in aliases if alias["name"] == image), image)
