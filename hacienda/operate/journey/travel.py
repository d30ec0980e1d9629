"""Runs a journey: its steps in order, then the removal of everything that it made, whatever happened."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hacienda.cloud import Cloud
from hacienda.declare import Capability
from hacienda.errors import InputError, ToolError
from hacienda.operate.journey import faults
from hacienda.operate.journey.image import Image
from hacienda.operate.journey.report import Observer, Outcome, Report
from hacienda.operate.journey.traveller import PREFIX, Traveller
from hacienda.operate.project import Project

CLEANUP = "clean-up"


@dataclass(frozen=True)
class Step:
    """One step of a journey.

    Args:
        name: its name.
        work: does it, and returns in words what it did.
        needs: capabilities of the cloud without which it is left out.
        after: steps whose results it uses.
        makes: whether it may make something that is removed at the end, even if its answer is lost.
    """

    name: str
    work: Callable[[Traveller], str]
    needs: tuple[Capability, ...] = ()
    after: tuple[str, ...] = ()
    makes: bool = True


def travel(
    project: Project, cloud: Cloud, image: Image, *, observer: Observer | None = None, keep: bool = False
) -> Report:
    """Travel through a cloud, and leave nothing behind.

    Leftovers of earlier journeys from this machine are removed first, and those of other machines if they are old.

    Args:
        project: the project's folder.
        cloud: the cloud, as its file describes it.
        image: what to boot.
        observer: follows the journey.
        keep: leave everything as it is at the end, until the next journey or `clean`.

    Raises:
        InputError: the store lacks a secret, or another journey from this machine is under way.
        ToolError: the SDK is not installed.
    """
    from hacienda.operate.journey.itinerary import STEPS

    with setting_out(project, cloud, image, observer) as traveller:
        return walk(traveller, STEPS, observer or Observer(), keep=keep)


def clean(project: Project, cloud: Cloud, *, observer: Observer | None = None) -> Report:
    """Remove what earlier journeys left; as `travel`."""
    from hacienda.operate.journey.itinerary import CLEANING

    with setting_out(project, cloud, Image(), observer) as traveller:
        return walk(traveller, CLEANING, observer or Observer(), keep=True)


@contextmanager
def setting_out(project: Project, cloud: Cloud, image: Image, observer: Observer | None = None) -> Iterator[Traveller]:
    """A traveller who has taken no step yet. No other journey through this cloud runs from here meanwhile.

    Raises:
        InputError, ToolError: as `travel`.
    """
    if cloud.provider("identity") is None:
        raise InputError(f"{cloud.name} has no identity service, so there are no tenants.")
    store = project.store_of(cloud)
    from hacienda.operate.journey.access import Access

    folder = project.state_folder(cloud.name)
    with _alone(folder), tempfile.TemporaryDirectory(prefix="hacienda-verify-") as place:
        origin = hashlib.sha256(f"{socket.gethostname()} {folder}".encode()).hexdigest()[:6]
        access = Access(cloud, store, Path(place))
        run = f"{PREFIX}-{origin}-{int(time.time())}"
        yield Traveller(cloud, access, access.admin(), run, image, (observer or Observer()).says)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of an environment's journeys. The kernel releases it if this process dies."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "verify.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ToolError(f"{error.filename}: cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise InputError("A journey through this environment is under way.", "Wait for its end.") from None
    finally:
        os.close(descriptor)


def walk(traveller: Traveller, steps: Sequence[Step], observer: Observer, *, keep: bool) -> Report:
    """Take the steps, then clean up, also after Ctrl-C or a defect."""
    outcomes: dict[str, Outcome] = {}
    begun: list[Step] = []

    def report() -> Report:
        return Report(traveller.cloud.name, traveller.run, tuple(outcomes.values()), traveller.facts)

    def take(step: Step) -> None:
        begun.append(step)
        observer.began(step.name)
        outcome = outcomes[step.name] = _taken(step, traveller, outcomes)
        observer.ended(outcome)

    try:
        for step in steps:
            take(step)
    finally:
        if not keep and any(step.makes and _is_tried(step, outcomes) for step in begun):
            from hacienda.operate.journey import sweep

            take(Step(CLEANUP, sweep.own))
    return report()


def _is_tried(step: Step, outcomes: dict[str, Outcome]) -> bool:
    """Whether a step that has begun was tried, or was interrupted."""
    return step.name not in outcomes or outcomes[step.name].state in ("done", "failed")


def _taken(step: Step, traveller: Traveller, outcomes: dict[str, Outcome]) -> Outcome:
    """The outcome of a step that is taken now, if it can be."""
    for capability in step.needs:
        if traveller.cloud.provider(capability) is None:
            return Outcome(step.name, "left out", f"the environment has no service for: {capability}")
    for name in step.after:
        state = outcomes[name].state if name in outcomes else "not tried"
        if state == "left out":
            return Outcome(step.name, "left out", f"needs the step: {name}")
        if state != "done":
            return Outcome(step.name, "not tried", f"needs the step: {name}")
    began = time.monotonic()
    try:
        what = step.work(traveller)
        return Outcome(step.name, "done", what, seconds=time.monotonic() - began)
    except faults.LeftOutError as reason:
        return Outcome(step.name, "left out", str(reason), seconds=time.monotonic() - began)
    except Exception as error:
        fault = faults.describe(error)
        if fault is None:
            raise
        passed = time.monotonic() - began
        return Outcome(step.name, "failed", fault.what, fault.fix, passed, fault.detail)
