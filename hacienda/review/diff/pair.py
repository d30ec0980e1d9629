"""One machine before and after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hacienda.declare.effect import restarts
from hacienda.review.diff.model import FIRST_BOOT
from hacienda.review.diff.rendering import File, RenderedNode


@dataclass(frozen=True)
class Pair:
    """A machine that two renderings contain."""

    before: RenderedNode
    after: RenderedNode

    @property
    def name(self) -> str:
        """The machine's name."""
        return self.after.name

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """Sorted paths of files that are added, removed or differ in anything."""
        old, new = self.before.files, self.after.files
        return tuple(sorted(path for path in old.keys() | new.keys() if _content(old, path) != _content(new, path)))

    @cached_property
    def texts(self) -> Mapping[str, tuple[str | None, str | None]]:
        """Short hashes before and after of files whose text differs. Terraform's plan compares the same hashes."""
        found = {}
        for path in self.differing:
            old, new = self.before.files.get(path), self.after.files.get(path)
            hashes = (old.short if old else None, new.short if new else None)
            if hashes[0] != hashes[1]:
                found[path] = hashes
        return found

    @cached_property
    def first_boot(self) -> tuple[str, ...]:
        """Names in FIRST_BOOT whose text differs."""
        return tuple(name for name in FIRST_BOOT if self.before.first_boot(name) != self.after.first_boot(name))

    @property
    def differs(self) -> bool:
        """Whether anything differs."""
        same = (self.before.packages, self.before.services) == (self.after.packages, self.after.services)
        return bool(self.differing or self.first_boot) or not same

    def effect(self, path: str) -> str:
        """What daemons do when this file changes. The new file declares it; for a removed file, the old one does."""
        return (self.after.files.get(path) or self.before.files[path]).effect

    @cached_property
    def restarts(self) -> tuple[str, ...]:
        """What daemons do after all changes. Owner and mode count too, because the node's own install compares them."""
        noticed = [
            path for path in self.differing if _noticed(self.before.files, path) != _noticed(self.after.files, path)
        ]
        return tuple(restarts({path: self.effect(path) for path in noticed}, noticed))

    @cached_property
    def own(self) -> re.Pattern[str]:
        """Matches what only this machine has: its name and addresses, old and new."""
        words = sorted({*self.before.identity, *self.after.identity}, key=len, reverse=True)
        return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, words))})(?![\w-]|\.\d)")

    def impersonal(self, line: str) -> str:
        """A line with placeholders for the own name and addresses. It is equal for machines that differ in these alone."""
        labels = {word: f"<{place}>" for one in (self.before, self.after) for place, word in enumerate(one.identity)}
        return self.own.sub(lambda match: labels[match[0]], line)


def _content(files: Mapping[str, File], path: str) -> tuple[object, ...] | None:
    """What a bundle says about a file. `on_change` is part of it: the bundle is delivered again, and the gate waits."""
    file = files.get(path)
    return None if file is None else (file.sha256, file.kind, file.attributes, file.on_change)


def _noticed(files: Mapping[str, File], path: str) -> tuple[object, ...] | None:
    """What a machine's daemons notice about a file."""
    file = files.get(path)
    return None if file is None else (file.sha256, file.kind, file.attributes)
