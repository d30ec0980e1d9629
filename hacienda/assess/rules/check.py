"""CHECK: health checks that a hanging service passes."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

_SENDING = ("use_backend", "default_backend")
"""Directives of haproxy.cfg that send requests to a backend of that name."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each listener of the rendered haproxy.cfg with several servers and no HTTP check of them."""
    text = subject.text("haproxy", "/etc/haproxy/haproxy.cfg")
    sections = reading.sections(text) if text is not None else ()
    used = {name.split()[0] for one in sections for how in _SENDING for name in one.values(how)}
    for section in sections:
        servers = section.values("server")
        # A backend that nobody sends anything to is there to be counted: who of the others can be reached.
        serves = section.kind == "listen" or (section.kind == "backend" and section.name in used)
        if not serves or len(servers) < 2:
            continue
        defaults = " ".join(section.values("default-server")).split()
        asked = all("check" in (*defaults, *server.split()) for server in servers)
        weak = next((line for line in section.lines if line.startswith(("option mysql-check", "option tcp-check"))), "")
        if weak or not asked or not any(line.startswith("option httpchk") for line in section.lines):
            how = f"by `{weak}`" if weak else "by whether their port is open" if asked else "not at all"
            reason = (
                f"{section.name}'s {len(servers)} servers are checked {how}: one that hangs goes on getting requests."
            )
            yield Observation("services.haproxy", reason, concerns=(section.name,))


rule = Rule(
    id="CHECK",
    title="Health checks that a hanging service passes",
    severity="error",
    reason="The kernel accepts connections for a process that hangs, and a database that fell out of its cluster still greets. "
    "Only an answer over HTTP says that a service works.",
    fix="Declare the front end's `check` with a path that looks into the service.",
    find=_find,
)
