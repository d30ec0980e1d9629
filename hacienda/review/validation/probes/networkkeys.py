"""Finds keys in network configurations (version 2) that cloud-init does not know.

cloud-init's schema tolerates them, and its renderers ignore them, so a misspelt setting has no effect.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def known() -> frozenset[str]:
    """All keys of interfaces in the schema of the installed cloud-init."""
    package = Path(str(importlib.import_module("cloudinit.config").__file__)).parent
    schema = json.loads((package / "schemas" / "schema-network-config-v2.json").read_text())
    kinds = [kind for name, kind in schema["$defs"].items() if name.startswith("mapping")]
    return frozenset(key for kind in kinds for key in kind["properties"])


def unknown(config: dict[str, Any], keys: frozenset[str]) -> list[str]:
    """`section.interface.key` of every key that is not among `keys`."""
    sections = {name: content for name, content in config.items() if isinstance(content, dict)}
    return [
        f"{section}.{name}.{key}"
        for section, interfaces in sections.items()
        for name, interface in interfaces.items()
        for key in sorted(interface.keys() - keys)
    ]


def main(files: list[str]) -> int:
    """Exit code: 1 if a file has an unknown key."""
    yaml = importlib.import_module("yaml")
    keys = known()
    bad = 0
    for file in files:
        try:
            complaints = [
                f"{name} is no setting of cloud-init" for name in unknown(yaml.safe_load(Path(file).read_text()), keys)
            ]
        except (yaml.YAMLError, AttributeError) as error:
            complaints = [" ".join(str(error).split()) or "is no network configuration"]
        for complaint in complaints:
            print(f"{file}: {complaint}")  # noqa: T201
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
