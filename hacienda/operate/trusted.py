"""Settings of trust at the last apply from this machine, with which the next plan is compared.

They are kept in `.hacienda/<environment>/trusted.json`, which holds no secret. Without it (a pipeline, another machine)
nothing is compared here: `hacienda diff` and `report` compare with a revision.
"""

from __future__ import annotations

import json
import os

from hacienda.cloud import Cloud
from hacienda.errors import ToolError
from hacienda.operate.project import Project
from hacienda.review import diff
from hacienda.review.diff import TrustChange, trust

NAME = "trusted.json"


def changed(project: Project, cloud: Cloud) -> tuple[TrustChange, ...]:
    """Settings of trust that differ from those of the last apply."""
    try:
        kept = json.loads((project.state_folder(cloud.name) / NAME).read_text(encoding="utf-8"))
        before = trust.imported(kept) or {}
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, AttributeError):
        # What was applied cannot be read, so every setting counts as changed.
        before = {}
    return trust.changes(before, diff.facts(cloud, project.root))


def keep(project: Project, cloud: Cloud) -> None:
    """Store the applied settings of trust.

    Raises:
        ToolError: it cannot be written.
    """
    file = project.state_folder(cloud.name) / NAME
    fresh = file.with_name(f".{NAME}.{os.getpid()}")
    content = trust.exported(diff.facts(cloud, project.root))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        raise ToolError(f"{file}: cannot be written: {error.strerror}") from None
