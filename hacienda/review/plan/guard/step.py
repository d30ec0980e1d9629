"""One step of a safe order, and its words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hacienda.quorum import enumerate_names

NAMED, FEW = 10, 3
"""A list of more than NAMED names shows the first FEW."""


@dataclass(frozen=True)
class Step:
    """One apply. Everything must be healthy before the next step.

    Args:
        verb: `return`: members that are missing or blank come back. `replace`: members and their machines are
            replaced. `rest`: everything else in the plan, deletions included.
        nodes: names of the members that the step replaces, deletes or brings back.
        targets: source and Terraform address of each target, as `-target` takes it; empty for `rest`: the whole plan.
        requested: addresses that are replaced only where `-replace` names them.
    """

    verb: Literal["return", "replace", "rest"]
    nodes: tuple[str, ...]
    targets: tuple[tuple[str, str], ...] = ()
    requested: tuple[str, ...] = ()


def told(step: Step) -> str:
    """A step in words."""
    if step.verb == "rest":
        return f"everything else, including {listed(step.nodes)}" if step.nodes else "everything else"
    return f"{'bring back' if step.verb == 'return' else 'replace'} {listed(step.nodes)}"


def listed(names: Iterable[str]) -> str:
    """A list of names; a long list shows the first ones and the number of others."""
    whole = list(names)
    more = [f"{len(whole) - FEW} more"] if len(whole) > NAMED else []
    return enumerate_names([*whole[: FEW if more else None], *more])
