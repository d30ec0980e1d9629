"""`hacienda verify`."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.status import Status
from rich.text import Text

from hacienda import printing
from hacienda.cli import console, project
from hacienda.cloud import Cloud
from hacienda.errors import InputError, UnwellError
from hacienda.operate import journey
from hacienda.operate.journey import Image, Observer, Outcome, Report

_SUFFIXES = {".img", ".qcow2", ".raw", ".vhd", ".vhdx", ".vmdk"}
"""Endings of files of disks. Names of images may have dots, too: `Debian 13.2`."""

_COLOURS = {"done": "", "failed": "red", "not tried": "yellow", "left out": "dim"}


class Watcher(Observer):
    """Shows the present step on a terminal, and a line on standard error for each one that has ended."""

    def __init__(self) -> None:
        self._step = ""
        self._live: Status | None = console.err.status(Text("")) if console.err.is_terminal else None

    def began(self, step: str) -> None:
        """Show the step."""
        self._step = step
        if self._live is not None:
            self._live.update(Text(step))
            self._live.start()

    def says(self, text: str) -> None:
        """Show what it waits for."""
        if self._live is not None:
            self._live.update(Text(f"{self._step}: {printing.printable(text)}"))

    def ended(self, outcome: Outcome) -> None:
        """Print how it ended."""
        if self._live is not None:
            self._live.stop()
        if outcome.state in ("done", "failed"):
            console.say(f"{outcome.step}: {outcome.state} in {outcome.seconds:.1f} s")


def verify(
    env: project.Env,
    image: Annotated[
        str | None,
        typer.Option(
            "--image",
            metavar="IMAGE",
            help="Disk image to boot: a file, or the name of an image that the cloud has. "
            "Default in Incus: a guest of 13 MB that is made from Debian's kernel and busybox.",
        ),
    ] = None,
    user: Annotated[
        str,
        typer.Option(
            "--user", metavar="NAME", help="User of the image who may log in by SSH and use sudo; default: none."
        ),
    ] = "",
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep everything at the end. The next run removes it, and so does --clean.")
    ] = False,
    clean: Annotated[bool, typer.Option("--clean", help="Only remove what earlier runs left.")] = False,
    as_json: project.AsJson = False,
) -> None:
    """Do what a tenant does, step by step, and report how long each step takes. Nothing is left behind.

    A project with a user and quotas, an image, a network, an instance that is reached through a floating IP, a volume, a
    live migration. It asks the APIs at the public virtual IP, from this machine, which needs a route to floating IPs.
    Steps whose services the environment lacks are left out. Exit code 1: a step failed. The end, an error, Ctrl-C and SIGTERM
    remove everything that was made.
    """
    here = project.here()
    cloud = here.read(env)
    watcher = Watcher()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if clean:
        report = journey.clean(here, cloud, observer=watcher)
    else:
        report = journey.travel(here, cloud, chosen(cloud, image, user), observer=watcher, keep=keep)
    if as_json:
        console.show_json(report.document())
    else:
        show(report)
    if not report.well:
        raise typer.Exit(UnwellError.exit_code)


def chosen(cloud: Cloud, image: str | None, user: str) -> Image:
    """The image of a journey.

    Raises:
        InputError: none is named and there is no default, or its file cannot be read.
    """
    if image is None and user:
        raise InputError("--user is a user of an image, and no image is named.", "Add --image.")
    if image is not None:
        path = Path(image).expanduser()
        is_file = "/" in image or path.suffix in _SUFFIXES or path.is_file()
        return Image.of_file(path, user) if is_file else Image.of_name(image, user)
    if cloud.provider("image") is None:
        return Image()
    if cloud.platform.type != "incus":
        raise InputError(
            f"{cloud.name} is on the platform {cloud.platform.type}, which has no image of its own to boot.",
            "Name a file, or an image that the cloud has: --image debian-13-genericcloud-amd64.qcow2 --user debian",
        )
    from hacienda.cli import lab
    from hacienda.lab import guest

    with console.working("making the guest"):
        made = guest.build(lab.mirror_of(cloud), proxy=cloud.package_sources.proxy)
    return Image.own(made.kernel, made.ramdisk, guest.COMMAND_LINE, guest.MARKER)


def show(report: Report) -> None:
    """Print the report for people: each step with its seconds, why others were not taken, what explains failures, the verdict."""
    wide = max((len(one.step) for one in report.outcomes), default=0)
    for one in report.outcomes:
        if one.state in ("done", "failed"):
            line = Text(f"{one.step:<{wide}} {one.seconds:7.1f} s  ")
            line.append(printing.printable(one.what), style=_COLOURS[one.state])
            console.out.print(line)
    for state in ("left out", "not tried"):
        for reason, steps in _alike(report, state).items():
            console.out.print(Text(f"{state}: {', '.join(steps)}: {printing.printable(reason)}", style=_COLOURS[state]))
    for one in report.outcomes:
        if one.state == "failed":
            explain(one)
    failed = sum(1 for one in report.outcomes if one.state == "failed")
    verdict = "is well" if report.well else f"is unwell: {failed} step{'' if failed == 1 else 's'} failed"
    text = f"{report.environment} {verdict}, {report.seconds:.1f} s"
    console.out.print(Text(text, style="green" if report.well else "red"))


def explain(outcome: Outcome) -> None:
    """Print what a failure needs: the fix, and the lines that explain it."""
    console.show(f"{outcome.step}: {printing.printable(outcome.what)}")
    if outcome.fix:
        console.show(f"  {printing.printable(outcome.fix)}")
    for line in outcome.detail:
        console.show(f"  | {printing.printable(line)}")


def _alike(report: Report, state: str) -> dict[str, list[str]]:
    """Reasons of steps in a state, with the steps."""
    found: dict[str, list[str]] = {}
    for one in report.outcomes:
        if one.state == state:
            found.setdefault(one.what, []).append(one.step)
    return found
