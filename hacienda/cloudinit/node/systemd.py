"""systemctl, in as few calls as the work allows: each costs some ten milliseconds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from hacienda.cloudinit.node.failure import StepError

TARGET = "hacienda.target"


@dataclass(frozen=True)
class State:
    """A unit as systemd sees it."""

    active: str
    sub: str
    result: str
    job: bool

    @property
    def failed(self) -> bool:
        """It failed, waits to try again after a failure, or was never asked to run."""
        return (
            self.active == "failed"
            or self.result not in ("", "success")
            or (self.active == "inactive" and not self.job)
        )

    @property
    def done(self) -> bool:
        """A oneshot that came to its end, with nothing queued."""
        return self.active == "active" and self.sub == "exited" and not self.job


def states(units: Iterable[str]) -> dict[str, State]:
    """State by unit name."""
    wanted = tuple(units)
    if not wanted:
        return {}
    text = _systemctl("show", "--property=Id,ActiveState,SubState,Result,Job", *wanted)
    found = {}
    for block in text.strip().split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        found[values.get("Id", "")] = State(
            active=values.get("ActiveState", ""),
            sub=values.get("SubState", ""),
            result=values.get("Result", ""),
            job=values.get("Job", "0") not in ("", "0"),
        )
    return {unit: found.get(unit, State("inactive", "dead", "", job=False)) for unit in wanted}


def reload() -> None:
    """Makes systemd read its unit files again."""
    _systemctl("daemon-reload")


def keep_disabled(units: Iterable[str]) -> None:
    """Daemons are started by their service's oneshot, never by the boot."""
    wanted = tuple(units)
    if not wanted:
        return
    answer = _run("is-enabled", *wanted).stdout.split()
    enabled = [unit for unit, state in zip(wanted, answer, strict=False) if state in ("enabled", "enabled-runtime")]
    if enabled:
        _systemctl("disable", *enabled)


def enable_target() -> None:
    """Converges at every boot from now on."""
    if _run("is-enabled", TARGET).stdout.strip() != "enabled":
        _systemctl("enable", TARGET)


def start(units: Iterable[str]) -> None:
    """Queues starts and returns."""
    _systemctl("start", "--no-block", *units)


def restart(unit: str) -> None:
    """Queues a restart, forgetting earlier failures, and returns."""
    _run("reset-failed", unit)
    _systemctl("restart", "--no-block", unit)


def stop(units: Iterable[str]) -> None:
    """Queues stops and returns; units that are not loaded are stopped already."""
    _run("stop", "--no-block", *units)


def _systemctl(*arguments: str) -> str:
    answer = _run(*arguments)
    if answer.returncode != 0:
        raise StepError(f"systemctl {' '.join(arguments)}: {answer.stderr.strip() or answer.returncode}")
    return answer.stdout


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)
