"""Changes of files, grouped. A thousand machines rarely differ in more than a few ways, so identical changes appear once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from hacienda.review.diff.lines import Hunk, hunks
from hacienda.review.diff.model import FIRST_BOOT, FileChange, Kind
from hacienda.review.diff.pair import Pair
from hacienda.review.diff.rendering import File, Rendering

_Key = TypeVar("_Key", bound=Hashable)

ON_CHANGE = "its next change"
"""Attribute of a file that says what daemons do about its later changes."""

_TEXT = File("", "file", "hacienda", "none", ())
"""Stands for user-data and network-config, which are no files of a node."""


@dataclass(frozen=True)
class _Side:
    """A file in one rendering: its entry in the manifest, and its text if it is readable."""

    file: File
    text: str


def changes_of_files(
    before: Rendering, after: Rendering, pairs: Mapping[str, Pair], most: int | None
) -> Iterator[FileChange]:
    """All changes of files on remaining machines: FIRST_BOOT first, then by path.

    Args:
        before, after: the renderings.
        pairs: machines on which anything differs, by name.
        most: most lines kept of one change; None: all.
    """
    for name in FIRST_BOOT:
        chosen = [pair for pair in pairs.values() if name in pair.first_boot]
        texts = _together(((pair.before.first_boot(name), pair.after.first_boot(name)), pair.name) for pair in chosen)
        changes = [_change(name, _Side(_TEXT, old), _Side(_TEXT, new), on) for (old, new), on in texts.items()]
        yield from (_bounded(change, most) for change in _merged(changes, pairs))
    paths: dict[str, list[Pair]] = {}
    for pair in pairs.values():
        for path in pair.differing:
            paths.setdefault(path, []).append(pair)
    for path, chosen in sorted(paths.items()):
        files = _together(((pair.before.files.get(path), pair.after.files.get(path)), pair.name) for pair in chosen)
        changes = [
            _change(path, _side(before, old, on[0], path), _side(after, new, on[0], path), on)
            for (old, new), on in files.items()
        ]
        yield from (_bounded(change, most) for change in _merged(changes, pairs))


def _together(found: Iterable[tuple[_Key, str]]) -> dict[_Key, list[str]]:
    """Names grouped by their key."""
    groups: dict[_Key, list[str]] = {}
    for key, name in found:
        groups.setdefault(key, []).append(name)
    return groups


def _side(rendering: Rendering, file: File | None, node: str, path: str) -> _Side | None:
    if file is None:
        return None
    return _Side(file, rendering.text(node, path) if file.kind == "file" else "")


def _change(path: str, old: _Side | None, new: _Side | None, nodes: list[str]) -> FileChange:
    kind: Kind = "added" if old is None else "removed" if new is None else "changed"
    file = (new or old or _Side(_TEXT, "")).file
    before, after = old.text if old else "", new.text if new else ""
    unreadable = "\0" in before + after
    found = () if unreadable else hunks(before, after)
    changed = [line for hunk in found for line in hunk.changed]
    attributes: dict[str, tuple[str, str]] = {}
    quiet = False
    if old and new:
        pairs = zip(old.file.attributes, new.file.attributes, strict=True)
        attributes = {name: (was, now) for (name, was), (_, now) in pairs if was != now}
        quiet = not attributes and (old.file.sha256, old.file.kind) == (new.file.sha256, new.file.kind)
        if old.file.on_change != new.file.on_change:
            attributes[ON_CHANGE] = (old.file.on_change, new.file.on_change)
    return FileChange(
        path=path,
        kind=kind,
        service=file.service,
        effect="" if quiet else file.effect,
        nodes=tuple(nodes),
        alike=True,
        # Nobody reads a removed file line by line.
        hunks=found if kind != "removed" else (),
        left_out=0,
        plus=sum(1 for line in changed if line[0] == "+"),
        minus=sum(1 for line in changed if line[0] == "-"),
        attributes=attributes,
        unreadable=f"{len(before.encode())} -> {len(after.encode())} bytes" if unreadable else "",
    )


def _merged(changes: list[FileChange], pairs: Mapping[str, Pair]) -> Iterator[FileChange]:
    """Changes of one path. Changes that differ only in each machine's own name and addresses become one."""
    if len(changes) == 1:
        yield changes[0]
        return
    alike: dict[Hashable, list[FileChange]] = {}
    for change in changes:
        lines = tuple(pairs[change.nodes[0]].impersonal(line) for line in _changed(change))
        alike.setdefault((_outline(change), lines), []).append(change)
    order = {name: place for place, name in enumerate(pairs)}
    for group in alike.values():
        first = group[0]
        nodes = sorted((node for change in group for node in change.nodes), key=order.__getitem__)
        yield replace(first, nodes=tuple(nodes), alike=all(_changed(change) == _changed(first) for change in group))


def _changed(change: FileChange) -> tuple[str, ...]:
    """Lines of a change without context; an empty line separates hunks."""
    return tuple(line for hunk in change.hunks for line in (*hunk.changed, ""))


def _outline(change: FileChange) -> Hashable:
    """Everything but the lines that must be equal in merged changes."""
    return change.kind, change.effect, tuple(change.attributes.items()), change.unreadable


def _bounded(change: FileChange, most: int | None) -> FileChange:
    """A change cut to its first `most` lines."""
    if most is None:
        return change
    kept: list[Hunk] = []
    room = most
    for hunk in change.hunks:
        if room > 0:
            kept.append(replace(hunk, lines=hunk.lines[:room]))
        room -= len(hunk.lines)
    return replace(change, hunks=tuple(kept), left_out=max(0, -room))
