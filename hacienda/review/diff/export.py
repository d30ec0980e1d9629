"""A rendering as one JSON file. The base writes the file, and the comparing revision reads it.

With it the base needs no CDK, and does not write the fifty thousand files of a synthesis of a thousand machines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hacienda.cloudinit import NodeOutput
from hacienda.declare.trust import Fact
from hacienda.errors import ToolError
from hacienda.review.diff import trust
from hacienda.review.diff.rendering import File, RenderedNode, Rendering

VERSION = 1
"""Version of the file format. The reading side is never older than the writing side."""


def exported(
    outputs: Iterable[NodeOutput],
    resources: Mapping[str, Mapping[str, Any]] | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> dict[str, Any]:
    """Rendered nodes, resources and settings of trust as plain data. Texts and entries that nodes share appear once."""
    numbers: dict[str, int] = {}
    entries: list[Any] = []
    texts: dict[str, str] = {}
    machines = []
    for output in outputs:
        for file in output.files:
            if file.manifest_line not in numbers:
                numbers[file.manifest_line] = len(entries)
                entries.append(file.manifest_entry)
                texts[file.sha256] = file.text
        machines.append(
            {
                "user_data": output.user_data,
                "network_config": output.network_config,
                "manifest": {key: output.manifest[key] for key in ("node", "packages", "services")},
                "files": [numbers[file.manifest_line] for file in output.files],
            }
        )
    return {
        "version": VERSION,
        "entries": entries,
        "texts": texts,
        "machines": machines,
        "resources": resources,
        "trust": trust.exported(facts or {}),
    }


def of_export(path: Path) -> Rendering:
    """The rendering that an export file holds.

    Raises:
        ToolError: this version cannot read the file.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["version"] != VERSION:
            raise ValueError(f"it has version {found['version']}; this Hacienda reads version {VERSION}")
        files = [(entry["path"], File.parse(entry)) for entry in found["entries"]]
        machines = {}
        for one in found["machines"]:
            own = dict(files[number] for number in one["files"])
            machine = RenderedNode.parse(one["manifest"], own, one["user_data"], one["network_config"])
            machines[machine.name] = machine
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ToolError(f"{path}: the base's rendering cannot be read: {type(error).__name__}: {error}") from error
    # An older revision exports neither.
    told, facts = found.get("resources"), trust.imported(found.get("trust"))
    return Rendering(machines, lambda node, place: str(found["texts"][machines[node].files[place].sha256]), told, facts)
