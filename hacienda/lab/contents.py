"""What an image holds: its packages with their versions, and whether what the services rely on in them is there.

Both are found out once, in a container that boots nothing, and kept with the image as properties of it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hacienda import errors
from hacienda.cloudinit.node import holds
from hacienda.lab import command, layout, versions

_PROJECT = "--project=default"
_CHECKED = "hacienda.assumptions"
_PACKAGES = "hacienda.packages"
_LIFE_SECONDS = 600
"""After that the container ends by itself, and is removed, should this process be killed."""


def packages(lab: layout.Lab, image: str) -> dict[str, str]:
    """Versions of an image's packages, by name; nothing where they were not found out yet.

    Args:
        image: its alias.
    """
    said = _properties(lab, image).get(_PACKAGES, "").split()
    return dict(entry.split("=", 1) for entry in said)


def ensure(lab: layout.Lab, image: str, assumptions: Sequence[Mapping[str, str]]) -> None:
    """Look into an image, unless the same was looked for in it before.

    Args:
        image: its alias.
        assumptions: see `hacienda.declare.Assumption.to_json`.

    Raises:
        errors.ToolError: an assumption does not hold; it names all that do not. The image is kept.
    """
    wanted = json.dumps(list(assumptions), sort_keys=True)
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    if _properties(lab, image).get(_CHECKED) == digest:
        return
    answer = _ask(lab, image, wanted)
    listed = " ".join(f"{name}={version}" for name, version in sorted(answer["packages"].items()))
    command.incus(lab, "image", "set-property", _PROJECT, image, _PACKAGES, listed)
    if answer["broken"]:
        raise errors.ToolError(refusal(answer["broken"]))
    command.incus(lab, "image", "set-property", _PROJECT, image, _CHECKED, digest)


def refusal(broken: Sequence[Mapping[str, str]]) -> str:
    """What to tell of an image in which assumptions do not hold."""
    green = versions.green()
    known = [lack for lack in broken if holds.UNANSWERED not in lack]
    wrong = "lacks what the services rely on in their packages" if known else "did not answer in time"
    lines = [f"The image {wrong}; no machine was made from it."]
    for lack in broken:
        wrong, fix = holds.told(lack, green.get(lack["package"], ""))
        lines += [f"  {wrong}", f"    {fix}"]
    return "\n".join(lines)


def _properties(lab: layout.Lab, image: str) -> dict[str, str]:
    """An image's properties; none where there is no such image."""
    images = command.listed(lab, "/1.0/images?recursion=1")
    return next((one["properties"] for one in images if image in {alias["name"] for alias in one["aliases"]}), {})


def _ask(lab: layout.Lab, image: str, wanted: str) -> dict[str, Any]:
    name = f"contents-{secrets.token_hex(4)}"
    init = f"--config=raw.lxc=lxc.init.cmd = /usr/bin/sleep {_LIFE_SECONDS}"
    command.incus(lab, "launch", image, name, _PROJECT, "--ephemeral", "--quiet", init)
    try:
        program = Path(holds.__file__).read_text()
        said = command.incus(lab, "exec", _PROJECT, name, "--", "python3", "-c", program, stdin=wanted, seconds=300)
    finally:
        command.incus(lab, "delete", "--force", _PROJECT, name)
    answer: dict[str, Any] = json.loads(said)
    return answer
