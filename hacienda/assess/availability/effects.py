"""Effects of single failures on each path: how long it is not served, and which acknowledged data is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hacienda.assess.availability import model
from hacienda.assess.availability import tree as trees
from hacienda.assess.availability.figures import Assumptions
from hacienda.assess.availability.paths import Path, counted, holders
from hacienda.assess.availability.tree import Part
from hacienda.cloud.model import Cloud

NOTHING = "nothing"
SINCE_BACKUP = "everything written since the last backup"


@dataclass(frozen=True)
class Failure:
    """Something that fails.

    Args:
        name: what fails.
        down: names of the parts that are then down.
        hours: hours until they are repaired.
        disks: machines whose disks may be lost forever.
    """

    name: str
    down: frozenset[str]
    hours: float
    disks: frozenset[str] = frozenset()


def effects(
    cloud: Cloud, assumptions: Assumptions, paths: Sequence[Path], seconds: Mapping[str, float]
) -> Iterator[model.Effect]:
    """Effects of each failure on each path.

    Args:
        cloud: the resolved cloud.
        assumptions: how parts fail.
        paths: its paths.
        seconds: duration of failovers by service.
    """
    parts = [{part.name for part in trees.parts(path.tree)} for path in paths]
    for failure in _failures(paths):
        for path, its in zip(paths, parts, strict=True):
            if failure.down & its:
                yield _effect(failure, path, cloud, assumptions, seconds)


def _effect(
    failure: Failure, path: Path, cloud: Cloud, assumptions: Assumptions, seconds: Mapping[str, float]
) -> model.Effect:
    survives = trees.works(path.tree, failure.down)
    hit = [switch for switch in path.switches if not trees.works(switch.serving, failure.down)]
    waits = max((seconds.get(one.service, assumptions.failover_seconds) for one in hit), default=0.0)
    return model.Effect(
        failure=failure.name,
        path=path.name,
        survives=survives,
        seconds=waits if survives else failure.hours * 3600,
        loses=SINCE_BACKUP if _gone(path, cloud, failure.disks) else NOTHING,
    )


def _gone(path: Path, cloud: Cloud, disks: frozenset[str]) -> bool:
    """Whether every copy of a service's data was on those machines.

    A service with voters has its data on every serving member. Where others hold copies, as many failure domains as there are
    copies hold every copy of something.
    """
    services = [cloud.registry[name] for name in path.services]
    keepers = (
        {node.name for node in cloud.members(service.name) if node.role != "arbiter"}
        for service in services
        if service.voters
    )
    if any(names <= disks for names in keepers):
        return True
    for kept in (kept for service in services for kept, _ in counted(service)):
        groups = holders(cloud, kept).values()
        lost = sum(any(node.name in disks for node in group) for group in groups)
        if lost >= max(1, kept.copies(cloud)):
            return True
    return False


def _failures(paths: Sequence[Path]) -> Iterator[Failure]:
    """One failure of each kind of part, common causes included, and then the failure of two machines at once."""
    parts = tuple(dict.fromkeys(part for path in paths for part in trees.parts(path.tree)))
    told: set[str] = set()
    for part in parts:
        if part.label not in told:
            told.add(part.label)
            yield Failure(part.name, frozenset({part.name}), part.rate.mttr, _disks([part]))
    machines = tuple(part for part in parts if part.node == part.name)
    if len(machines) > 2:
        two = machines[:2]
        names = frozenset(part.name for part in two)
        yield Failure(" and ".join(part.name for part in two), names, two[0].rate.mttr, _disks(two))


def _disks(parts: Iterable[Part]) -> frozenset[str]:
    return frozenset(part.name for part in parts if part.node == part.name)
