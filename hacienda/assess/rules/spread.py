"""SPREAD: machines without a failure domain although the file has failure domains."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import ABBREVIATIONS


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each role that lacks a kind of domain which other machines have. The rule DOMAIN covers voters."""
    cloud = subject.cloud
    voting = {node.role for node in cloud.voting}
    known = sorted({kind for node in cloud.nodes for kind in node.domains})
    for role in ABBREVIATIONS:
        nodes = cloud.role(role)
        for kind in known if role not in voting else ():
            lost = tuple(node.name for node in nodes if kind not in node.domains)
            if lost:
                count = f"{lost[0]} is" if len(lost) == 1 else f"{len(lost)} {role} machines are"
                reason = (
                    f"the file does not say which {kind} {count} in, but the rest of the cloud is spread over {kind}s."
                )
                fix = f"Add `spread: {kind}`, or name each machine's `{kind}`."
                yield Observation(f"machines.{role}", reason, fix, concerns=(role, *lost))


rule = Rule(
    id="SPREAD",
    title="Machines in no known failure domain",
    severity="warning",
    reason="Availability zones, the placement of copies and the estimate of what the loss of a rack takes all need to know where "
    "each machine is.",
    fix="Name each machine's failure domain.",
    find=_find,
)
