"""Input of an assessment besides the environment itself: the project's other environments and the stores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from hacienda import assess, cloudinit, secrets
from hacienda.cli import console, project
from hacienda.cloud import Cloud
from hacienda.errors import HaciendaError, InputError
from hacienda.secrets.pki import utc_now


def subject(cloud: Cloud, path: Path) -> assess.Subject:
    """The subject of the rules: an environment, and the project's other environments to compare it with.

    Args:
        cloud: the resolved cloud.
        path: its file. A file outside environments/ is compared with no other, because examples are not built side by side.
    """
    siblings = project.all_environments()
    same = path.resolve()
    known = any(sibling.resolve() == same for sibling in siblings)
    others = (sibling for sibling in siblings if known and sibling.resolve() != same)
    return _subject(cloud, assess.today(), tuple(readable(others)))


def subjects(clouds: Iterable[Cloud]) -> tuple[assess.Subject, ...]:
    """Subjects of the rules: each environment, and all others to compare it with."""
    all_of_them, day = tuple(clouds), assess.today()
    return tuple(
        _subject(cloud, day, tuple(other for other in all_of_them if other is not cloud)) for cloud in all_of_them
    )


def _subject(cloud: Cloud, day: date, others: tuple[Cloud, ...]) -> assess.Subject:
    """Add the store's entries, without values, and problems of certificates of other authorities.

    There are no entries if the store does not exist, as in a pull request, or cannot be read, which is printed. Certificates in
    files are judged in any case.
    """
    provided = cloudinit.needs(cloud, project.root()).provided
    held: tuple[assess.Held, ...] = ()
    bundles: dict[str, bytes | None] = {}
    known = False
    try:
        store = project.store_of(cloud)
        if store.spec.exists():
            held = tuple(assess.Held(entry.name, entry.expires) for entry in secrets.inventory(store))
            bundles = {one.name: store.entry(one.bundle_entry) for one in provided}
            known = True
    except HaciendaError as error:
        console.say(f"{cloud.name}: its secrets are not checked: {str(error).partition(chr(10))[0]}")
    judged = [secrets.judge(one, bundles.get(one.name), utc_now()) for one in provided if known or one.chain]
    refused = tuple(problem for one in judged for problem in one.wrong)
    unread = tuple(problem for one in judged for problem in one.missing)
    return assess.Subject(cloud, day, others, held, refused=refused, unread=unread)


def readable(paths: Iterable[Path]) -> Iterator[Cloud]:
    """Load each file. Warn about invalid files and skip them; `hacienda check` reports their errors."""
    for path in paths:
        try:
            yield project.read(str(path))
        except InputError:
            console.say(f"{path.name} is not compared: it has errors. Run: hacienda check {path.stem}")
