"""VOTERS: fewer than three voters, or an even number of them."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda import quorum
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Cloud

_NUMBERS = {1: "one", 2: "two", 3: "three"}


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each set of voters with an unwise size. It names the services that vote there."""
    cloud = subject.cloud
    electorates: dict[tuple[str, ...], list[str]] = {}
    for service in cloud.services:
        if service.voters:
            voters = tuple(node.name for node in cloud.members(service.name))
            electorates.setdefault(voters, []).append(service.name)
    for voters, services in electorates.items():
        count = len(voters)
        if count >= 3 and count % 2:
            continue
        names = quorum.enumerate_names(services)
        verb = "needs" if len(services) == 1 else "need"
        concerns = tuple(services)
        if count < 3:
            few = f"{count} {'voter' if count == 1 else 'voters'}"
            reason = f"{few} cannot survive the loss of one: {names} {verb} a majority."
            fix = _fix(cloud, services)
            yield Observation("machines.controller", reason, fix, "error" if count == 2 else None, concerns)
        else:
            spare = count - quorum.majority(dict.fromkeys(voters, 1))
            reason = (
                f"{count} voters survive the loss of {_NUMBERS.get(spare, str(spare))}, as {count - 1} would: "
                f"{names} {verb} a majority."
            )
            fix = f"Use {count - 1} or {count + 1}."
            yield Observation("machines.controller", reason, fix, concerns=concerns)


def _fix(cloud: Cloud, services: list[str]) -> str:
    controllers = len(cloud.role("controller"))
    votes_there = all(cloud.registry[name].runs_on("arbiter") for name in services)
    if controllers == 2 and votes_there and not cloud.role("arbiter"):
        return "Use 3, or add an arbiter (machines.arbiter: 1)."
    if controllers == 2 and cloud.role("arbiter"):
        return "Use 3: the arbiter does not vote for them."
    return "Use 3."


rule = Rule(
    id="VOTERS",
    title="Fewer than three voters, or an even number of them",
    severity="warning",
    reason="A service with voters answers only while more than half of its declared members live. Two members survive no loss, and "
    "four survive no more losses than three.",
    fix="Use three controllers, or five; with two, add an arbiter.",
    find=_find,
)
