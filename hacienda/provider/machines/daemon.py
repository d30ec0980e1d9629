"""Shared parts of the Incus resources: the daemon, the project, and the mark of Hacienda's objects."""

from __future__ import annotations

import urllib.parse
from typing import Any

from hacienda import errors
from hacienda.provider.framework.schema import Attribute
from hacienda.provider.framework.values import State
from hacienda.remote.incus import Incus, IncusError

MARK = "user.hacienda.environment"
"""Configuration key that names an object's environment. The provider never changes an object without it."""

WHERE = (
    Attribute("socket", required=True, replace=True, description="Path of the Incus daemon's unix socket."),
    Attribute("project", optional=True, default="default", replace=True, description="Incus project."),
)
"""Attributes of all objects in Incus."""

_SHARED = {f"features.{name}": "false" for name in ("images", "profiles", "networks", "storage.volumes")}
"""Images, profiles and networks are in project `default`, because bridges can be in no other."""


def daemon(state: State) -> Incus:
    """The daemon and project of a resource."""
    return Incus(state["socket"], state["project"])


def ensure_project(incus: Incus) -> None:
    """Create the project if it does not exist. Another resource may create it at the same time."""
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
    """Raise unless an object carries the mark of this environment.

    Raises:
        hacienda.errors.InputError: it belongs to another owner.
    """
    owner = found["config"].get(MARK)
    if owner != environment:
        whose = f"belongs to environment {owner}" if owner else "was not made by Hacienda"
        raise errors.InputError(f"{what} exists and {whose}", "Choose another name, or delete it yourself.")


def quoted(name: str) -> str:
    """A name, escaped for the path of a URL."""
    return urllib.parse.quote(name, safe="")
