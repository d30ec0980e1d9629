"""The operator's record of clusters that exist (`cluster.json`): service -> id. Who finds its service there joins, never founds.

Beside it, `cluster.json.departed` remembers which voters left while a whole environment is destroyed, over interruptions:
with the last voter the cluster is gone, and its id is forgotten, so that the environment can be built anew.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hacienda import errors, quorum


class Record:
    """The record file; without a path it is always empty.

    Args:
        path: the file; it and its folder need not exist.
    """

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None

    def read(self) -> dict[str, str]:
        """Service -> cluster id."""
        return _load(self._path) if self._path else {}

    def add(self, clusters: Mapping[str, str]) -> None:
        """Remember clusters that exist.

        Raises:
            hacienda.errors.ToolError: another id is recorded: two clusters of one name.
        """

        def change(ids: dict[str, Any], departed: dict[str, Any]) -> None:
            for name, cluster in clusters.items():
                if ids.setdefault(name, cluster) != cluster:
                    raise errors.ToolError(
                        f"{name}: the nodes form cluster {cluster}, but {self._path} records {ids[name]}",
                        "Two clusters of one name must not be. If the recorded one is gone for good, "
                        f"remove {name} from {self._path} and apply again.",
                    )

        if clusters:
            self._change(change)

    def arrived(self, node: str) -> None:
        """A node that had left is a member again."""

        def change(ids: dict[str, Any], departed: dict[str, Any]) -> None:
            for group, nodes in list(departed.items()):
                departed[group] = [name for name in nodes if name != node]

        if self._path and self._departed.exists():
            self._change(change)

    def destroyed(self, departure: quorum.Departure) -> None:
        """A voter was destroyed on purpose, with its environment, or gave a group up; the last one takes the recorded ids along."""
        member = departure.member

        def change(ids: dict[str, Any], departed: dict[str, Any]) -> None:
            for group in filter(departure.leaves, member.votes):
                gone = {*departed.get(group, ()), member.node}
                departed[group] = sorted(gone)
                if gone >= member.voters(group).keys():
                    ids.pop(group, None)
                    del departed[group]

        if member.votes:
            self._change(change)

    @property
    def _departed(self) -> Path:
        return Path(f"{self._path}.departed")

    def _change(self, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # several stacks may be applied at a time
            ids, departed = _load(self._path), _load(self._departed)
            change(ids, departed)
            _store(self._path, ids)
            _store(self._departed, {group: nodes for group, nodes in departed.items() if nodes})
        finally:
            os.close(folder)


def _load(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise errors.InputError(
            f"{path} is no JSON object: {error}", "Restore it, or remove it if no cloud exists."
        ) from error


def _store(path: Path, content: dict[str, Any]) -> None:
    if not content:
        path.unlink(missing_ok=True)
        return
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    new.replace(path)
