"""VOTERS: fewer than three voters, or an even number of them."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda import quorum
from hacienda.assess.finding import Finding
from hacienda.cloud.model import Cloud

_NUMBERS = {1: "one", 2: "two", 3: "three"}


def find(cloud: Cloud) -> Iterator[Finding]:
    """One finding for each electorate whose size is unwise, naming the services that vote in it."""
    electorates: dict[tuple[str, ...], list[str]] = {}
    for service in cloud.services:
        if service.voters:
            voters = tuple(node.name for node in cloud.members(service.name))
            electorates.setdefault(voters, []).append(service.name)
    for voters, services in electorates.items():
        count = len(voters)
        spare = count - quorum.majority(dict.fromkeys(voters, 1))
        if count >= 3 and count % 2:
            continue
        names = quorum.enumerate_names(services)
        verb = "needs" if len(services) == 1 else "need"
        if count < 3:
            reason = f"{count} {'voter' if count == 1 else 'voters'} cannot survive the loss of one: {names} {verb} a majority."
            yield Finding(
                "VOTERS", "error" if count == 2 else "warning", "machines.controller", reason, _fix(cloud, services)
            )
        else:
            few = _NUMBERS.get(spare, str(spare))
            reason = (
                f"{count} voters survive the loss of {few}, no more than {count - 1} would: {names} {verb} a majority."
            )
            fix = f"Use {count - 1} or {count + 1}."
            yield Finding("VOTERS", "warning", "machines.controller", reason, fix)


def _fix(cloud: Cloud, services: list[str]) -> str:
    controllers = len(cloud.role("controller"))
    votes_there = all(cloud.registry[name].arbiter for name in services)
    if controllers == 2 and votes_there and not cloud.role("arbiter"):
        return "Use 3, or add an arbiter (machines.arbiter: 1)."
    if controllers == 2 and cloud.role("arbiter"):
        return "Use 3: the arbiter does not vote for them."
    return "Use 3."
