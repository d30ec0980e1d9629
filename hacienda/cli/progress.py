"""Shows what every node is doing while Terraform runs: a live table on a terminal, otherwise one line for each event."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.live import Live
from rich.table import Table
from rich.text import Text

from hacienda.cli import console, trust
from hacienda.operate import Observer, Review
from hacienda.operate.observer import OnLine

SHOWN = 30
"""Most rows of the table; busy ones come first."""

_STARTED = {"create": "creating", "update": "changing", "delete": "destroying", "replace": "replacing"}
_ENDED = {"create": "created", "update": "changed", "delete": "destroyed"}
_COLOURS = {"done": "green", "failed": "red", "busy": "yellow"}


@dataclass(frozen=True)
class Row:
    """One node, or one resource that belongs to no node.

    Args:
        name: its name.
        state: `busy`, `done` or `failed`.
        event: one word or two.
        detail: one line.
        began: monotonic seconds when its work began.
        ended: monotonic seconds when it ended; None: it is busy.
    """

    name: str
    state: str
    event: str
    detail: str
    began: float
    ended: float | None = None

    def seconds(self) -> float:
        """The duration so far, or in total."""
        return (self.ended or time.monotonic()) - self.began


class Progress:
    """Follows Terraform's JSON lines, and the file to which the provider appends its own events. Another thread may draw the
    table."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = 0
        self._rows: dict[str, Row] = {}
        self._pending: dict[str, set[str]] = {}
        self._lock = threading.RLock()

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, busy ones first."""
        with self._lock:
            rows = list(self._rows.values())
        return tuple(sorted(rows, key=lambda row: (row.ended is not None, row.name)))

    def terraform(self, line: str) -> None:
        """Process one line of `terraform apply -json`, after the events that the provider wrote before it."""
        with self._lock:
            self._follow()
            self._terraform(line)

    def follow(self) -> None:
        """Process the events that the provider wrote since the last call."""
        with self._lock:
            self._follow()

    def _terraform(self, line: str) -> None:
        entry = _object(line)
        hook = entry.get("hook") or {}
        resource, action = hook.get("resource") or {}, str(hook.get("action", ""))
        address, name = str(resource.get("addr", "")), str(resource.get("resource_name", ""))
        kind = entry.get("type")
        if kind == "apply_start":
            self._pending.setdefault(name, set()).add(address)
            self._update(name, "busy", _STARTED.get(action, action), _short(resource))
        elif kind in ("apply_complete", "apply_errored"):
            left = self._pending.setdefault(name, set())
            left.discard(address)
            failed = kind == "apply_errored"
            self._update(
                name, "failed" if failed else "done", _ENDED.get(action, "failed"), _short(resource), bool(left)
            )

    def _follow(self) -> None:
        try:
            with self._file.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            entry = _object(line)
            if entry.get("node"):
                self._update(str(entry["node"]), "busy", str(entry.get("event", "")), str(entry.get("detail", "")))

    def table(self) -> Table:
        """The table of the current state."""
        self.follow()
        table = Table(box=None, pad_edge=False, show_header=False)
        rows = self.rows
        for row in rows[:SHOWN]:
            style = _COLOURS[row.state]
            table.add_row(
                Text(row.name, style="bold"), f"{row.seconds():5.1f} s", Text(row.event, style=style), Text(row.detail)
            )
        if len(rows) > SHOWN:
            table.add_row(f"… and {len(rows) - SHOWN} more", "", "", "")
        return table

    def _update(self, name: str, state: str, event: str, detail: str, more: bool = False) -> None:
        now = time.monotonic()
        old = self._rows.get(name, Row(name, "busy", "", "", now))
        ended = None if state == "busy" or more else now
        row = replace(old, state="busy" if more else state, event=event, detail=detail, ended=ended)
        if not console.err.is_terminal and (row.event, row.detail) != (old.event, old.detail):
            console.say(f"{name}: {event} {detail}".rstrip())
        self._rows[name] = row


@contextmanager
def live(progress: Progress) -> Iterator[None]:
    """On a terminal, show the table while something runs. Process the provider's last events in any case."""
    if console.err.is_terminal:
        with Live(get_renderable=progress.table, console=console.err, refresh_per_second=4):
            yield
    else:
        yield
    progress.follow()


class Watcher(Observer):
    """Shows an operation on the terminal: changes of trust and the plan first, then each stack's progress."""

    @property
    def colours(self) -> bool:
        """Whether Terraform colours its plans: if standard output is a terminal."""
        return console.out.is_terminal

    def say(self, text: str) -> None:
        """Print a line on standard error."""
        console.say(text)

    def review(self, review: Review) -> None:
        """Print changes of trust, and a plan that changes something. The guard's verdict follows, unless it ends the operation."""
        trust.show(review.environment, review.trust, console.err)
        if review.changed:
            for line in (*review.describe(), *([] if review.blocked else review.judgement())):
                console.say(line)

    def working(self, what: str) -> AbstractContextManager[None]:
        """Show that something is in progress."""
        return console.working(what)

    @contextmanager
    def applying(self, stack: str, progress: Path) -> Iterator[OnLine]:
        """Show the live table of all nodes."""
        following = Progress(progress)
        with live(following):
            yield following.terraform


def _short(resource: dict[str, Any]) -> str:
    return str(resource.get("resource_type", "")).removeprefix("hacienda_").replace("_", " ")


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
