"""What an assessment looks at beside the environment itself: the project's other environments and the stores."""

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
    """An environment as rules look at it, beside the others of the project.

    Args:
        cloud: the resolved cloud.
        path: its file. One outside environments/ is compared with no other: examples are not built side by side.
    """
    siblings = project.all_environments()
    same = path.resolve()
    known = any(sibling.resolve() == same for sibling in siblings)
    others = (sibling for sibling in siblings if known and sibling.resolve() != same)
    return _subject(cloud, assess.today(), tuple(readable(others)))


def subjects(clouds: Iterable[Cloud]) -> tuple[assess.Subject, ...]:
    """Environments as rules look at them, each beside all others."""
    all_of_them, day = tuple(clouds), assess.today()
    return tuple(
        _subject(cloud, day, tuple(other for other in all_of_them if other is not cloud)) for cloud in all_of_them
    )


def _subject(cloud: Cloud, day: date, others: tuple[Cloud, ...]) -> assess.Subject:
    """With what the environment's store holds, without values, and what is wrong with certificates of other authorities. Of a store
    that is not there, as in a pull request, or cannot be read, which is said, nothing is known; files are judged all the same."""
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
        console.say(f"{cloud.name}: its secrets are not looked at: {str(error).partition(chr(10))[0]}")
    judged = [secrets.judge(one, bundles.get(one.name), utc_now()) for one in provided if known or one.chain]
    refused = tuple(problem for one in judged for problem in one.wrong)
    unread = tuple(problem for one in judged for problem in one.missing)
    return assess.Subject(cloud, day, others, held, refused=refused, unread=unread)


def readable(paths: Iterable[Path]) -> Iterator[Cloud]:
    """The clouds of files; of one that is wrong that it is not compared is said, its own check tells why."""
    for path in paths:
        try:
            yield project.read(str(path))
        except InputError:
            console.say(f"{path.name} is not compared: it has mistakes. Run: hacienda check {path.stem}")
