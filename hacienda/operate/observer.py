"""Callbacks for a caller that follows an operation: lines for people, long steps, plans, events of Terraform and the provider."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hacienda.operate.planning import Review

OnLine = Callable[[str], None]
"""Called with one line of Terraform's JSON output."""


class Observer:
    """Ignores everything. A caller overrides the methods that it needs."""

    @property
    def colours(self) -> bool:
        """Whether Terraform colours the text of its plans."""
        return False

    def say(self, text: str) -> None:
        """Called with a line for people about a finished or the next step."""

    def review(self, review: Review) -> None:
        """Called when every stack is planned and judged, before anything is touched."""

    def working(self, what: str) -> AbstractContextManager[None]:
        """Called around a step that may take long."""
        return nullcontext()

    def applying(self, stack: str, progress: Path) -> AbstractContextManager[OnLine]:
        """Called around the apply of a stack.

        Args:
            stack: its name.
            progress: the provider appends a JSON object to this file for each of its events: `node`, `event`, `detail`.
        """
        return nullcontext(lambda line: None)
