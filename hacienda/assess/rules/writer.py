"""WRITER: one schema, several writers."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each database listener of HAProxy that has several active servers, or forgets who it was."""
    database = subject.cloud.provider("database")
    text = subject.text("haproxy", "/etc/haproxy/haproxy.cfg")
    if database is None or text is None or not subject.cloud.virtual_ips:
        return
    sections = reading.sections(text)
    for front in database.frontends:
        section = reading.section(sections, f"{database.name}-{front.port}")
        active = [line.split()[0] for line in section.values("server") if "backup" not in line.split()]
        if len(active) > 1:
            reason = (
                f"{section.name} sends writes to {', '.join(active)} at a time: they roll back each other's commits."
            )
            yield Observation("services.haproxy", reason, concerns=(section.name,))
        elif len(section.values("server")) > 1 and not section.values("stick"):
            reason = f"{section.name} goes back to {active[0]} as soon as it returns: two writers while old connections last."
            yield Observation("services.haproxy", reason, concerns=(section.name,))


rule = Rule(
    id="WRITER",
    title="One schema, several writers",
    severity="error",
    reason="Galera certifies a commit on all members after it was made on one: two writers of the same rows end in deadlock "
    "errors that OpenStack retries only in places.",
    fix="One active server, the others `backup`, and a stick table so that the successor keeps the office.",
    find=_find,
)
