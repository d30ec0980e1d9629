"""One step of a safe order, and how it is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hacienda.quorum import enumerate_names

NAMED, FEW = 10, 3
"""More names than the first are cut down to the second."""


@dataclass(frozen=True)
class Step:
    """One apply, after which everything must be healthy before the next one.

    Args:
        verb: `return`: members that are missing, or were found with nothing installed, come back. `replace`: members and
            their machines are made anew. `rest`: everything else in the plan, deletions among it.
        nodes: names of the members that go in it, or come back; of `rest`, those that go.
        targets: source and Terraform address of what it is about, as `-target` takes it; of `rest`, none: the whole plan.
        requested: addresses that are replaced only where `-replace` names them.
    """

    verb: Literal["return", "replace", "rest"]
    nodes: tuple[str, ...]
    targets: tuple[tuple[str, str], ...] = ()
    requested: tuple[str, ...] = ()


def told(step: Step) -> str:
    """A step in words."""
    if step.verb == "rest":
        goes = "goes" if len(step.nodes) == 1 else "go"
        return f"everything else: {listed(step.nodes)} {goes}" if step.nodes else "everything else"
    return f"{'bring back' if step.verb == 'return' else 'replace'} {listed(step.nodes)}"


def listed(names: Iterable[str]) -> str:
    """Names, the first of them where there are many."""
    whole = list(names)
    more = [f"{len(whole) - FEW} more"] if len(whole) > NAMED else []
    return enumerate_names([*whole[: FEW if more else None], *more])
