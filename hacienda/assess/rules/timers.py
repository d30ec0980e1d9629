"""TIMERS: time-outs that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.declare import DeclarationError

RECYCLE = 3600
"""oslo.db's default of `connection_recycle_time`, in seconds."""


def _find(subject: Subject) -> Iterator[Observation]:
    """Observations about every service with a database connection, against what the rendered haproxy.cfg gives it."""
    database = subject.cloud.provider("database")
    text = subject.text("haproxy", "/etc/haproxy/haproxy.cfg")
    if database is None or not database.frontends or text is None or not subject.cloud.virtual_ips:
        return
    sections = reading.sections(text)
    name = f"{database.name}-{database.frontends[0].port}"
    idle = _timeout(sections, name)
    drain = reading.seconds(reading.only(r"^\s+hard-stop-after (\S+)$", text))
    for service, file in subject.configurations():
        if "[database]" not in file.text:
            continue
        settings = reading.ini(file.text)["database"]
        recycle = float(settings.get("connection_recycle_time", RECYCLE))
        if recycle >= idle:
            reason = f"{service.name} keeps idle database connections for {recycle:g} s, HAProxy drops them after {idle:g} s."
            yield Observation(f"services.{service.name}", reason, concerns=(service.name,))
        if drain <= recycle:
            reason = f"a reload cuts database connections after {drain:g} s, {service.name} renews its own after {recycle:g} s."
            fix = f"Use more than {recycle:g}."
            yield Observation("services.haproxy.drain_timeout", reason, fix, "warning", (service.name,))
        read, answer = _read_timeout(settings["connection"]), _slowest(subject, service.name, sections)
        if read is not None and answer is not None and read >= answer:
            reason = (
                f"HAProxy gives {service.name} up after {answer:g} s, which itself waits {read:g} s for the database."
            )
            yield Observation("services.haproxy.timeout", reason, f"Use more than {read:g}.", concerns=(service.name,))


def _timeout(sections: tuple[reading.Section, ...], name: str) -> float:
    """HAProxy's `timeout server` for a listener, its default where it has none of its own."""
    for section in (reading.section(sections, name), *(one for one in sections if one.kind == "defaults")):
        found = section.values("timeout server")
        if found:
            return reading.seconds(found[-1])
    raise DeclarationError("haproxy.cfg sets no `timeout server`")


def _slowest(subject: Subject, service: str, sections: tuple[reading.Section, ...]) -> float | None:
    """The shortest time that HAProxy gives a service to answer; None: it stands behind no listener."""
    fronts = subject.cloud.registry[service].frontends
    return min((_timeout(sections, f"{service}-{front.port}") for front in fronts), default=None)


def _read_timeout(connection: str) -> float | None:
    """Seconds that a database URL gives a query; None: PyMySQL's default, for ever."""
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
