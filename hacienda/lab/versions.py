"""Versions of packages: those of the last run of the lab's tests that was green, and how others differ from them.

`python -m hacienda.lab.versions` writes those of the lab's image down; `make lab-test` does it when all tests passed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from hacienda import errors, printing

GREEN = Path(__file__).with_name("green.json")
"""Kept in the repository, so that everybody sees when packages have moved since."""


def green() -> dict[str, str]:
    """Versions of the last green run, by package."""
    found: dict[str, str] = json.loads(GREEN.read_text())["packages"]
    return found


def differences(
    now: Mapping[str, str], named: Collection[str], before: Mapping[str, str] | None = None
) -> Iterator[str]:
    """A line for each package of `named` whose version is another one now, and one line that counts the rest.

    Args:
        now: versions by package.
        named: packages that services declare or rely on.
        before: what to compare with; default: the last green run. Nothing is said where nothing is known.
    """
    known = green() if before is None else before
    if not known:
        return
    changed = {name for name in now.keys() & known.keys() if now[name] != known[name]}
    for name in sorted(changed & set(named)):
        yield f"{name} {known[name]} -> {now[name]}"
    others = len(changed - set(named))
    if others:
        yield f"{others} other package{'s' if others > 1 else ''}"


def record(now: Mapping[str, str], file: Path = GREEN) -> None:
    """Write versions down as those of a green run.

    Raises:
        errors.ToolError: there are none: with an empty list no later difference would be named.
    """
    if not now:
        raise errors.ToolError(
            "The image's packages are not known.", "Bring the lab up, which finds them out: make lab"
        )
    file.write_text(json.dumps({"packages": dict(sorted(now.items()))}, indent=1) + "\n")


def main() -> int:
    """Records what the image holds that the lab's machines boot from; exit code 3: it is not known."""
    from hacienda.lab import contents, layout

    try:
        record(contents.packages(layout.Lab(), layout.IMAGE))
    except errors.HaciendaError as error:
        sys.stderr.write(printing.lines(f"{error}\n"))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
