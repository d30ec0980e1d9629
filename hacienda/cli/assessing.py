"""What an assessment looks at beside the environment itself: the project's other environments and the stores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from hacienda import assess
from hacienda.cli import console, project
from hacienda.cloud import Cloud
from hacienda.errors import HaciendaError, InputError
from hacienda.secrets.inventory import inventory


def subject(cloud: Cloud, path: Path) -> assess.Subject:
    """An environment as rules look at it, beside the others of the project.

    Args:
        cloud: the resolved cloud.
        path: its file. One outside environments/ is compared with no other: examples are not built side by side.
    """
    siblings = project.all_environments()
    same = path.resolve()
    known = any(sibling.resolve() == same for sibling in siblings)
    others = (sibling for sibling in siblings if known and sibling.resolve() != same)
    return assess.Subject(cloud, assess.today(), others=tuple(readable(others)), held=held(cloud))


def subjects(clouds: Iterable[Cloud]) -> tuple[assess.Subject, ...]:
    """Environments as rules look at them, each beside all others."""
    all_of_them, day = tuple(clouds), assess.today()
    return tuple(
        assess.Subject(cloud, day, tuple(other for other in all_of_them if other is not cloud), held(cloud))
        for cloud in all_of_them
    )


def held(cloud: Cloud) -> tuple[assess.Held, ...]:
    """What the environment's store holds, without values; nothing where there is none, as in a pull request, or where it
    cannot be read, which is said."""
    try:
        store = project.store_of(cloud)
        if not store.spec.exists():
            return ()
        return tuple(assess.Held(entry.name, entry.expires) for entry in inventory(store))
    except HaciendaError as error:
        console.say(f"{cloud.name}: its secrets are not looked at: {str(error).partition(chr(10))[0]}")
        return ()


def readable(paths: Iterable[Path]) -> Iterator[Cloud]:
    """The clouds of files; of one that is wrong that it is not compared is said, its own check tells why."""
    for path in paths:
        try:
            yield project.read(str(path))
        except InputError:
            console.say(f"{path.name} is not compared: it has mistakes. Run: hacienda check {path.stem}")
