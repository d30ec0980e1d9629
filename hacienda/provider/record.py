"""The operator's record of existing clusters (`cluster.json`): service -> id. A member joins a recorded cluster, and
never founds it again.

Beside it, `cluster.json.departed` records the voters that left during the destruction of an environment, also after an
interruption. When the last voter has left, the cluster's id is deleted, so that the environment can be built again.
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
        path: the file. It and its folder may not exist yet.
    """

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None

    def read(self) -> dict[str, str]:
        """Service -> cluster id."""
        return _load(self._path) if self._path else {}

    def add(self, clusters: Mapping[str, str]) -> None:
        """Record existing clusters.

        Raises:
            hacienda.errors.ToolError: another id is recorded: two clusters of one name.
        """

        def change(ids: dict[str, Any], departed: dict[str, Any]) -> None:
            for name, cluster in clusters.items():
                if ids.setdefault(name, cluster) != cluster:
                    raise errors.ToolError(
                        f"{name}: the nodes form cluster {cluster}, but {self._path} records {ids[name]}",
                        "Two clusters of one name are not allowed. If the recorded one no longer exists, "
                        f"remove {name} from {self._path} and apply again.",
                    )

        if clusters:
            self._change(change)

    def arrived(self, node: str) -> None:
        """Record that a departed node is a member again."""

        def change(ids: dict[str, Any], departed: dict[str, Any]) -> None:
            for group, nodes in list(departed.items()):
                departed[group] = [name for name in nodes if name != node]

        if self._path and self._departed.exists():
            self._change(change)

    def destroyed(self, departure: quorum.Departure) -> None:
        """Record a voter that was destroyed with its environment, or that left a group. After the last voter of a group
        its id is deleted."""
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
            fcntl.flock(folder, fcntl.LOCK_EX)  # several stacks may be applied at the same time
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
            f"{path} is not a JSON object: {error}", "Restore it, or delete it if no cloud exists."
        ) from error


def _store(path: Path, content: dict[str, Any]) -> None:
    if not content:
        path.unlink(missing_ok=True)
        return
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    new.replace(path)
