"""Renders an environment into a file: `python -m hacienda.review.diff ENVIRONMENT FILE`. `hacienda diff` runs it in the base."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hacienda import cloud, cloudinit, printing, services
from hacienda.errors import HaciendaError
from hacienda.review.diff.export import exported
from hacienda.review.diff.resources import resources


def main(environment: Path, target: Path) -> int:
    """Render an environment without its secrets store. Returns the exit code."""
    try:
        resolved = cloud.read(environment, services.registry())
        outputs = (cloudinit.render(resolved, node, "") for node in resolved.nodes)
        content = exported(outputs, resources(resolved), resolved.trusted)
    except HaciendaError as error:
        sys.stderr.write(printing.lines(f"{error}\n"))
        return error.exit_code
    target.write_text(json.dumps(content), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
