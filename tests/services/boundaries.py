"""Who daemons run as, and which folders are theirs, from what services declare: no list of anybody's to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hacienda import services
from hacienda.declare import Registry, Service, Template

OWN_FOLDERS = {
    "RuntimeDirectory": "/run",
    "StateDirectory": "/var/lib",
    "LogsDirectory": "/var/log",
    "CacheDirectory": "/var/cache",
}
"""Settings of systemd that make a folder of the unit's user, and where."""

PACKAGED = ("/var/", "/run/", "/srv/")
"""Where folders that packages make belong to daemons; what they make in /etc the node takes back (`disk.secure`)."""


def as_everywhere(declared: Service) -> tuple[Service, ...]:
    """The service as itself, and as what stands for it on arbiters."""
    there = declared.on("arbiter")
    return (declared,) if there is declared else (declared, there)


def units(declared: Service) -> Iterator[tuple[str, str]]:
    """Path and template text of each of its units."""
    for one in as_everywhere(declared):
        for file in one.files:
            if isinstance(file, Template) and file.path.startswith("/etc/systemd/system/"):
                source = file.source or f"{Path(file.path).name}.j2"
                text = (services.TEMPLATES / declared.name / source).read_text()
                yield file.path, re.sub(r"\{\{ (\S+) }}", partial(_value, declared, file), text)


def _value(declared: Service, unit: Template, found: re.Match[str]) -> str:
    """What a template of a unit writes there, as far as names of users and folders depend on it."""
    own = next((one.subject for one in declared.assumptions if one.kind == "user"), declared.name)
    stem = Path(unit.path).stem
    names = {"service.name": declared.name, "api.unit": stem, "daemon.name": stem, "daemon.user": own}
    return names.get(found[1], found[0])


def user(unit: str) -> str:
    """Whom a unit's daemon runs as."""
    found = re.search(r"^User=(.+)$", unit, re.MULTILINE)
    return found[1] if found else "root"


def users(declared: Service) -> set[str]:
    """Users other than root that its daemons run as, or become; not those that exist only as long as the daemon does."""
    fixed = {user(text) for _, text in units(declared) if not re.search(r"^DynamicUser=yes$", text, re.MULTILINE)}
    assumed = {one.subject for one in declared.all_assumptions() if one.kind == "user"}
    return (fixed | assumed | {*declared.users}) - {"root"}


def folders(registry: Registry) -> set[str]:
    """Folders that belong to daemons' users: below them root touches nothing by name."""
    found: set[str] = set()
    for declared in registry:
        if users(declared):
            found.update(declared.data)
        found.update(
            one.subject
            for one in declared.all_assumptions()
            if one.kind == "folder" and one.subject.startswith(PACKAGED)
        )
        for _, text in units(declared):
            if user(text) != "root":
                for setting, place in OWN_FOLDERS.items():
                    for line in re.findall(rf"^{setting}=(.+)$", text, re.MULTILINE):
                        found.update(f"{place}/{name}" for name in line.split())
    return found
