"""COORD: locks that only one machine sees."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each service with several members whose locks are files, or a cache's entries."""
    for service, file in subject.configurations():
        if "[coordination]" not in file.text or len(subject.cloud.members(service.name)) < 2:
            continue
        place = reading.ini(file.text)["coordination"].get("backend_url") or "file:"
        if place.startswith(("file:", "memcached:")):
            reason = f"{file.path}: {service.name} is active on several machines and keeps its locks in {place.split(':')[0]}s"
            reason += " of one: two may change the same volume at once."
            yield Observation(f"services.{service.name}", reason, concerns=(service.name,))


rule = Rule(
    id="COORD",
    title="Locks that only one machine sees",
    severity="error",
    reason="A lock in a file holds off the processes of one machine. A service that is active on several, like Cinder, then "
    "changes one volume twice at the same time.",
    fix="Keep the locks in etcd: `backend_url = etcd3+https://...`.",
    find=_find,
)
