"""How a caller follows an operation: lines for people, long work, plans, and what Terraform and the provider report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hacienda.operate.planning import Review

OnLine = Callable[[str], None]
"""Is given one line of Terraform's JSON output."""


class Observer:
    """Ignores everything. A caller that wants to follow an operation overrides some of these methods."""

    @property
    def colours(self) -> bool:
        """Whether Terraform colours the text of its plans."""
        return False

    def say(self, text: str) -> None:
        """One line for people: what was done, or is done next."""

    def review(self, review: Review) -> None:
        """Every stack is planned and judged; nothing is touched yet."""

    def working(self, what: str) -> AbstractContextManager[None]:
        """Something that may take long."""
        return nullcontext()

    def applying(self, stack: str, progress: Path) -> AbstractContextManager[OnLine]:
        """A stack is applied.

        Args:
            stack: its name.
            progress: the provider appends a JSON object to this file for each of its events: `node`, `event`, `detail`.
        """
        return nullcontext(lambda line: None)
