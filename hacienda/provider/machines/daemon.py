"""What the Incus resources share: the daemon, the project, and the mark of what is ours."""

from __future__ import annotations

import urllib.parse
from typing import Any

from hacienda import errors
from hacienda.provider.framework.schema import Attribute
from hacienda.provider.framework.values import State
from hacienda.remote.incus import Incus, IncusError

MARK = "user.hacienda.environment"
"""Configuration key that names the environment an object belongs to. What lacks it is never touched."""

WHERE = (
    Attribute("socket", required=True, replace=True, description="Path of the Incus daemon's unix socket."),
    Attribute("project", optional=True, default="default", replace=True, description="Incus project."),
)
"""Attributes of everything in Incus."""

_SHARED = {f"features.{name}": "false" for name in ("images", "profiles", "networks", "storage.volumes")}
"""Images, profiles and networks are those of project `default`: bridges cannot be anywhere else."""


def daemon(state: State) -> Incus:
    """The daemon and project of a resource."""
    return Incus(state["socket"], state["project"])


def ensure_project(incus: Incus) -> None:
    """Have the project there; another resource may be making it at the same moment."""
    if incus.project == "default":
        return
    anywhere = Incus(incus.socket)
    path = f"/1.0/projects/{quoted(incus.project)}"
    if anywhere.find(path) is not None:
        return
    try:
        anywhere.change("POST", "/1.0/projects", {"name": incus.project, "config": _SHARED})
    except IncusError:
        if anywhere.find(path) is None:
            raise


def refuse_foreign(found: dict[str, Any], environment: str, what: str) -> None:
    """Raise unless an object carries our mark.

    Raises:
        hacienda.errors.InputError: it belongs to somebody else.
    """
    owner = found["config"].get(MARK)
    if owner != environment:
        whose = f"belongs to environment {owner}" if owner else "was not made by Hacienda"
        raise errors.InputError(f"{what} exists and {whose}", "Choose another name, or remove it yourself.")


def quoted(name: str) -> str:
    """A name as a part of a URL's path."""
    return urllib.parse.quote(name, safe="")
