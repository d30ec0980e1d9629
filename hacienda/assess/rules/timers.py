"""TIMERS: time-outs that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

RECYCLE = 3600
"""oslo.db's default of `connection_recycle_time`, in seconds."""


def _find(subject: Subject) -> Iterator[Observation]:
    """Observations about every service with a database connection, against what the rendered haproxy.cfg gives it."""
    database = subject.provider("database")
    sections = reading.sections(subject.text("haproxy", "/etc/haproxy/haproxy.cfg"))
    if database is None or not database.frontends or not sections:
        return
    name = f"{database.name}-{database.frontends[0].port}"
    idle = _timeout(sections, name)
    drain = next((found for one in sections if (found := one.seconds("hard-stop-after")) is not None), None)
    for service, file in subject.configurations():
        if "[database]" not in file.text:
            continue
        settings = reading.ini(file.text).get("database", {})
        recycle = float(settings.get("connection_recycle_time", RECYCLE))
        if idle is not None and recycle >= idle:
            reason = f"{service.name} keeps idle database connections for {recycle:g} s, HAProxy drops them after {idle:g} s."
            yield Observation(f"services.{service.name}", reason, concerns=(service.name,))
        if drain is not None and drain <= recycle:
            reason = f"a reload cuts database connections after {drain:g} s, {service.name} renews its own after {recycle:g} s."
            fix = f"Use more than {recycle:g}."
            yield Observation("services.haproxy.drain_timeout", reason, fix, "warning", (service.name,))
        read, answer = _read_timeout(settings.get("connection", "")), _slowest(subject, service.name, sections)
        if read is not None and answer is not None and read >= answer:
            reason = (
                f"HAProxy gives {service.name} up after {answer:g} s, which itself waits {read:g} s for the database."
            )
            yield Observation("services.haproxy.timeout", reason, f"Use more than {read:g}.", concerns=(service.name,))


def _timeout(sections: tuple[reading.Section, ...], name: str) -> float | None:
    """HAProxy's `timeout server` for a listener, its default where it has none of its own."""
    named = [one for one in sections if one.kind == "listen" and one.name == name]
    for section in (*named, *(one for one in sections if named and one.kind == "defaults")):
        found = section.seconds("timeout server")
        if found is not None:
            return found
    return None


def _slowest(subject: Subject, service: str, sections: tuple[reading.Section, ...]) -> float | None:
    """The shortest time that HAProxy gives a service to answer; None: it stands behind no listener."""
    fronts = subject.cloud.registry[service].frontends
    found = [time for front in fronts if (time := _timeout(sections, f"{service}-{front.port}")) is not None]
    return min(found, default=None)


def _read_timeout(connection: str) -> float | None:
    values = parse_qs(urlsplit(connection).query).get("read_timeout")
    return float(values[0]) if values else None


rule = Rule(
    id="TIMERS",
    title="Time-outs that contradict each other",
    severity="error",
    reason="Whoever waits must give up after whoever it waits for. Otherwise a request ends in an error while its answer is on "
    "the way, or a connection is used after the proxy has dropped it.",
    fix="Let services renew connections well before the proxy drops them.",
    find=_find,
)
