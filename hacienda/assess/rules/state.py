"""STATE: Terraform's state on one person's machine."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for the local back end. A lab's state lives and dies with its machine."""
    if subject.cloud.state.backend == "local" and not subject.lab:
        reason = (
            "the state is a file on the machine of whoever applied last, without a lock against anybody else's apply."
        )
        yield Observation("state.backend", reason)


rule = Rule(
    id="STATE",
    title="Terraform's state on one person's machine",
    severity="warning",
    reason="Two people who apply from two machines each undo what the other did, and a lost file makes Terraform forget every "
    "machine there is.",
    fix="Name a back end that locks: `state: {backend: s3, options: {bucket: ..., region: ..., use_lockfile: true}}`.",
    find=_find,
)
