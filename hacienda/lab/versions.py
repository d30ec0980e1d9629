"""Versions of packages in the last green run of the lab's tests, and the differences of others from them.

`python -m hacienda.lab.versions` records those of the lab's image. `make lab-test` runs it after all tests have passed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from hacienda import errors, printing

GREEN = Path(__file__).with_name("green.json")
"""The record is in the repository, so that every reader sees which packages have changed since."""


def green() -> dict[str, str]:
    """Versions of the last green run, by package."""
    found: dict[str, str] = json.loads(GREEN.read_text())["packages"]
    return found


def differences(
    now: Mapping[str, str], named: Collection[str], before: Mapping[str, str] | None = None
) -> Iterator[str]:
    """One line for each package of `named` with another version now, and one line with the number of other such
    packages.

    Args:
        now: versions by package.
        named: packages that services declare or rely on.
        before: versions to compare with; default: the last green run. Without such versions the result is empty.
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
    """Record versions as those of a green run.

    Raises:
        errors.ToolError: the list is empty, so it could show no later difference.
    """
    if not now:
        raise errors.ToolError("The image's packages are not known.", "Start the lab, which examines them: make lab")
    file.write_text(json.dumps({"packages": dict(sorted(now.items()))}, indent=1) + "\n")


def main() -> int:
    """Records the packages of the image that the lab's machines boot from; exit code 3: they are not known."""
    from hacienda.lab import contents, layout

    try:
        record(contents.packages(layout.Lab(), layout.IMAGE))
    except errors.HaciendaError as error:
        sys.stderr.write(printing.lines(f"{error}\n"))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
