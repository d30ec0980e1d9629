"""What every node is doing while Terraform runs: a live table, or one line per event where nobody watches."""

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
"""Rows of the table at most; what is being worked on goes first."""

_STARTED = {"create": "creating", "update": "changing", "delete": "destroying", "replace": "replacing"}
_ENDED = {"create": "created", "update": "changed", "delete": "destroyed"}
_COLOURS = {"done": "green", "failed": "red", "busy": "yellow"}


@dataclass(frozen=True)
class Row:
    """One node, or one resource that is of no node.

    Args:
        name: its name.
        state: `busy`, `done` or `failed`.
        event: one word or two.
        detail: one line.
        began: monotonic seconds when its work began.
        ended: when it ended; None: it has not.
    """

    name: str
    state: str
    event: str
    detail: str
    began: float
    ended: float | None = None

    def seconds(self) -> float:
        """How long it has taken so far, or took."""
        return (self.ended or time.monotonic()) - self.began


class Progress:
    """Follows Terraform's JSON lines and the file that the provider appends its own events to. The table may be drawn by
    another thread."""

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
        """Take one line of `terraform apply -json`; what the provider wrote before it goes first."""
        with self._lock:
            self._follow()
            self._terraform(line)

    def follow(self) -> None:
        """Take what the provider has written since the last time."""
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
        """The present state, drawn."""
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
    """Show the table while something runs, on a terminal; follow the file elsewhere, too."""
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
        """Terraform colours its plans where somebody sees them."""
        return console.out.is_terminal

    def say(self, text: str) -> None:
        """On standard error."""
        console.say(text)

    def review(self, review: Review) -> None:
        """Changes of trust always; a plan that changes something with what the guard says, unless that is the error to come."""
        trust.show(review.environment, review.trust, console.err)
        if review.changed:
            for line in (*review.describe(), *([] if review.blocked else review.judgement())):
                console.say(line)

    def working(self, what: str) -> AbstractContextManager[None]:
        """A sign that something is going on."""
        return console.working(what)

    @contextmanager
    def applying(self, stack: str, progress: Path) -> Iterator[OnLine]:
        """The live table of what every node is doing."""
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
