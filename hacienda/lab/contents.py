"""The contents of an image: versions of its packages, and whether the services' assumptions hold in it.

Both are examined once, in a container that boots nothing, and stored as properties of the image.
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
"""Life of the container: after this time it ends and is removed, even if this process was killed."""


def packages(lab: layout.Lab, image: str) -> dict[str, str]:
    """Package name -> version, of an image's packages; empty if they were not examined yet.

    Args:
        image: its alias.
    """
    said = _properties(lab, image).get(_PACKAGES, "").split()
    return dict(entry.split("=", 1) for entry in said)


def ensure(lab: layout.Lab, image: str, assumptions: Sequence[Mapping[str, str]]) -> None:
    """Examine an image, unless it was examined with the same assumptions before.

    Args:
        image: its alias.
        assumptions: see `hacienda.declare.Assumption.to_json`.

    Raises:
        errors.ToolError: assumptions do not hold; it names them all. The image is kept.
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
    """The error for an image in which assumptions do not hold."""
    green = versions.green()
    known = [lack for lack in broken if holds.UNANSWERED not in lack]
    wrong = "lacks parts of packages that the services rely on" if known else "did not answer in time"
    lines = [f"The image {wrong}. No machine was created from it."]
    for lack in broken:
        wrong, fix = holds.told(lack, green.get(lack["package"], ""))
        lines += [f"  {wrong}", f"    {fix}"]
    return "\n".join(lines)


def _properties(lab: layout.Lab, image: str) -> dict[str, str]:
    """An image's properties; empty if there is no such image."""
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
