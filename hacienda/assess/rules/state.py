"""STATE: Terraform's state on one person's machine."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for the local back end. A lab may use it, because its state is lost only together with its machine."""
    if subject.cloud.state.backend == "local" and not subject.lab:
        reason = "the state is a file on the machine that applied last, and no lock prevents another apply."
        yield Observation("state.backend", reason)


rule = Rule(
    id="STATE",
    title="Terraform's state on one person's machine",
    severity="warning",
    reason="Two people who apply from two machines undo each other's work. If the file is lost, Terraform forgets every machine.",
    fix="Name a back end that locks: `state: {backend: s3, options: {bucket: ..., region: ..., use_lockfile: true}}`.",
    find=_find,
)
