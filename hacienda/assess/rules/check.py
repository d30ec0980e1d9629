"""CHECK: health checks that a hanging service passes."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each listener of the rendered haproxy.cfg with several servers and no HTTP check of them."""
    for section in reading.sections(subject.text("haproxy", "/etc/haproxy/haproxy.cfg")):
        servers = section.values("server")
        if section.kind not in ("listen", "backend") or len(servers) < 2:
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
