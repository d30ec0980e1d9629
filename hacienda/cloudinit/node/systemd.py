"""systemctl, in as few calls as possible, because each takes about ten milliseconds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from hacienda.cloudinit.node.failure import StepError

TARGET = "hacienda.target"


@dataclass(frozen=True)
class State:
    """A unit, as systemd reports it."""

    active: str
    sub: str
    result: str
    job: bool

    @property
    def failed(self) -> bool:
        """Whether it failed, waits for a retry after a failure, or was never started."""
        return (
            self.active == "failed"
            or self.result not in ("", "success")
            or (self.active == "inactive" and not self.job)
        )

    @property
    def done(self) -> bool:
        """Whether it is a oneshot that finished, with no queued job."""
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
    """Disables daemons, because their service's oneshot starts them, not the boot."""
    wanted = tuple(units)
    if not wanted:
        return
    answer = _run("is-enabled", *wanted).stdout.split()
    enabled = [unit for unit, state in zip(wanted, answer, strict=False) if state in ("enabled", "enabled-runtime")]
    if enabled:
        _systemctl("disable", *enabled)


def enable_target() -> None:
    """Enables convergence at every boot."""
    if _run("is-enabled", TARGET).stdout.strip() != "enabled":
        _systemctl("enable", TARGET)


def start(units: Iterable[str]) -> None:
    """Queues starts, and returns at once."""
    _systemctl("start", "--no-block", *units)


def restart(unit: str) -> None:
    """Forgets earlier failures, queues a restart, and returns at once."""
    _run("reset-failed", unit)
    _systemctl("restart", "--no-block", unit)


def stop(units: Iterable[str]) -> None:
    """Queues stops, and returns at once. Units that are not loaded are already stopped."""
    _run("stop", "--no-block", *units)


def _systemctl(*arguments: str) -> str:
    answer = _run(*arguments)
    if answer.returncode != 0:
        raise StepError(f"systemctl {' '.join(arguments)}: {answer.stderr.strip() or answer.returncode}")
    return answer.stdout


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)
