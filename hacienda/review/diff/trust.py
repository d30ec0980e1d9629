"""Changes of trust: who reads secrets and reaches machines, how machines prove themselves, whose software and state they use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hacienda.declare.trust import Fact
from hacienda.secrets import StoreSpec

STORE = "secrets (the encrypted file)"
"""Name of the store's own file among facts. A change of this file in the repository can replace every secret."""
CODE = "Hacienda's own code"

_MOST_LINES = 400
"""Most lines of a file that are compared one by one; a longer file is compared as a whole."""


@dataclass(frozen=True)
class TrustChange:
    """One setting of trust that differs.

    Args:
        path: path of the key in the environment file, or a description if the setting is no key there.
        decides: what the setting decides.
        before, after: values as JSON has them; None: not set.
    """

    path: str
    decides: str
    before: Any
    after: Any

    @property
    def lines(self) -> tuple[str, ...]:
        """Removed and added entries, a line each: `- age1...`, `+ age1...`."""
        old, new = _entries(self.before), _entries(self.after)
        return (*(f"- {one}" for one in old if one not in new), *(f"+ {one}" for one in new if one not in old))


def _entries(value: Any) -> list[str]:
    """The texts of a value that are compared one by one."""
    if value is None:
        return []
    if isinstance(value, list):
        return [_text(one) for one in value]
    if isinstance(value, dict):
        return [f"{key}: {_text(one)}" for key, one in value.items()]
    return [_text(value)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def changes(before: Mapping[str, Fact], after: Mapping[str, Fact], code: int = 0) -> tuple[TrustChange, ...]:
    """Every setting that differs, in the order of the new file; removed settings come last.

    Args:
        before, after: settings of the two revisions.
        code: number of files of Hacienda's own code that differ.
    """
    paths = [*after, *(path for path in before if path not in after)]
    found = []
    if code:
        found.append(
            TrustChange(CODE, "everything, this comparison included", None, f"{code} files differ from the base")
        )
    for path in paths:
        old, new = before.get(path), after.get(path)
        values = (old.value if old else None, new.value if new else None)
        decides = (new or old or Fact(None, "")).decides
        if values[0] != values[1]:
            found.append(TrustChange(path, decides, *values))
    return tuple(found)


def contents(
    found: Mapping[str, Fact], sealed: Path | None, root: Path, shared: Callable[[Path], bool]
) -> Iterator[tuple[str, Fact]]:
    """Content of the files that settings of trust name, as far as the project contains them.

    Args:
        found: the settings.
        sealed: file of the encrypted store (`sealed`); None: the store is not encrypted.
        root: the project's folder.
        shared: returns whether a file belongs to the project, and not to this machine alone.
    """
    for path, fact in found.items():
        place = Path(str(fact.value))
        if fact.file and path != "secrets.path" and not place.is_absolute() and not str(place).startswith("~"):
            yield from _content(f"{path} ({place})", fact.decides, root / place, shared)
    if sealed is not None:
        yield from _content(STORE, "every secret: the author of this file chooses them all", sealed, shared)


def sealed(root: Path, environment: str, backend: str, path: str | None) -> Path | None:
    """The file of an encrypted store; None: the store is not encrypted. The arguments are those of `StoreSpec.of`."""
    return StoreSpec.of(root, environment, backend, path).path if backend == "age" else None


def _content(name: str, decides: str, file: Path, shared: Callable[[Path], bool]) -> Iterator[tuple[str, Fact]]:
    try:
        if not file.is_file() or not shared(file):
            return
        content = file.read_bytes()
    except OSError as error:
        yield name, Fact(f"cannot be read: {error.strerror}", decides)
        return
    lines = content.decode("utf-8", "replace").splitlines()
    if name != STORE and b"\0" not in content and len(lines) <= _MOST_LINES:
        yield name, Fact([line for line in lines if line.strip()], decides)
    else:
        yield name, Fact(f"SHA-256 {hashlib.sha256(content).hexdigest()}", decides)


def exported(found: Mapping[str, Fact]) -> dict[str, Any]:
    """Facts as plain data, for another process."""
    return {path: asdict(fact) for path, fact in found.items()}


def imported(told: Mapping[str, Any] | None) -> dict[str, Fact] | None:
    """The facts that `exported` wrote; None: an older revision wrote none."""
    return None if told is None else {path: Fact(**fact) for path, fact in told.items()}
