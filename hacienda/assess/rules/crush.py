"""CRUSH: fewer failure domains than copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.rules import repl
from hacienda.assess.subject import Subject
from hacienda.environment.machines import DomainKind


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation if there are more copies than storage machines, and one for each kind of failure domain that the cloud has
    and its storage is not spread over enough. The rule REPL covers fewer than three copies."""
    storing, copies = repl.holders(subject.cloud), repl.copies(subject.cloud)
    if len(storing) < repl.COPIES or copies < repl.COPIES:
        return
    if copies > len(storing):
        reason = f"{copies} copies do not fit on {len(storing)} storage machines: the missing ones are never made."
        yield Observation("machines.storage", reason, f"Use at least {copies} storage machines, or fewer copies.")
        return
    for kind in get_args(DomainKind):
        everywhere = {node.domains[kind] for node in subject.cloud.nodes if kind in node.domains}
        used = sorted({node.domains[kind] for node in storing if kind in node.domains})
        if len(everywhere) > 1 and all(kind in node.domains for node in storing) and len(used) < copies:
            of_kind = f"{len(used)} {kind}{'' if len(used) == 1 else 's'} ({', '.join(used)})"
            reason = f"the storage machines are in {of_kind}: losing one may take two of {copies} copies."
            yield Observation("machines.storage", reason, f"Spread them over at least {copies}.", concerns=tuple(used))


rule = Rule(
    id="CRUSH",
    title="Fewer failure domains than copies",
    severity="warning",
    reason="Copies protect from the loss of a failure domain only if each copy is in another one. If two copies share a rack, its "
    "loss leaves one copy, and Ceph stops writing.",
    fix="Spread the storage machines over at least three failure domains.",
    find=_find,
)
