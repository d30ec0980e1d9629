"""A machine made from the lab's image, without any network, that checks files and is gone afterwards."""

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
"""Incus project the machines run in: it is in every lab, goes with it, and no environment's machines are in it."""

_LIMIT_SECONDS = 1800
"""For all jobs together; a thousand machines on a busy host take some minutes."""

_LIFE_SECONDS = 2 * _LIMIT_SECONDS


class Scratch:
    """A container, from entering the context until it is left.

    Args:
        image: alias or fingerprint of an image (`hacienda.lab.build`).
        where: the lab whose daemon runs it; default: the default lab.
    """

    def __init__(self, image: str, *, where: lab.Lab | None = None) -> None:
        self._lab = where or lab.Lab()
        self._image = image
        self._project = f"--project={PROJECT}"
        self._name = f"validation-{secrets.token_hex(4)}"

    def __enter__(self) -> Scratch:
        # No operating system is booted: nothing here needs one, and it would take a core for some seconds. The machine ends
        # by itself, and is removed then, should this process be killed.
        init = f"--config=raw.lxc=lxc.init.cmd = /usr/bin/sleep {_LIFE_SECONDS}"
        command.incus(self._lab, "launch", self._image, self._name, self._project, "--ephemeral", "--quiet", init)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        command.incus(self._lab, "delete", "--force", self._project, self._name)

    @property
    def title(self) -> str:
        """For people."""
        return f"the lab's image {self._image}"

    def lacks(self, program: Program) -> str:
        """Nothing that is known before it is asked."""
        return ""

    def identity(self, program: Program) -> str:
        """The image: all programs in it are what they were when it was built."""
        return fingerprint(self._lab, self._image)

    def perform(self, order: Order) -> Answer:
        """Do the jobs of an order.

        Raises:
            ToolError: the machine or its own part of the work failed; a file that is refused is an answer.
        """
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "order.tar"
            archive.write_bytes(order.archive)
            self.put(archive, f"{HOME}/order.tar")
        self.run("tar", "--extract", f"--directory={HOME}", f"--file={HOME}/order.tar", "--no-same-owner")
        return Answer.parse(self.run("unshare", "--mount", "--", "python3", order.program, HOME))

    def put(self, path: Path, target: str) -> None:
        """Copy a file into the machine, to an absolute path."""
        push = ("file", "push", "--quiet", "--create-dirs", self._project, str(path), f"{self._name}{target}")
        command.incus(self._lab, *push)

    def run(self, *argv: str) -> str:
        """Run a program in the machine; its output.

        Raises:
            ToolError: it failed.
        """
        return command.incus(self._lab, "exec", self._project, self._name, "--", *argv, seconds=_LIMIT_SECONDS)


@functools.cache
def fingerprint(where: Lab, image: str) -> str:
    """Fingerprint of the image behind an alias; the alias itself where nobody knows it."""
    aliases = command.listed(where, "/1.0/images/aliases?recursion=1")
    return next((str(alias["target"]) for alias in aliases if alias["name"] == image), image)
