"""`hacienda_incus_image`: holds an image's alias to the fingerprint it stands for. Images are built by `hacienda lab image`."""

from __future__ import annotations

from typing import ClassVar

from hacienda import errors
from hacienda.declare import resource_types
from hacienda.provider.framework.context import Context
from hacienda.provider.framework.resource import Resource
from hacienda.provider.framework.schema import Attribute
from hacienda.provider.framework.values import UNKNOWN, State
from hacienda.provider.machines import daemon


class Image(Resource):
    """An image that is there already."""

    name: ClassVar[str] = resource_types.IMAGE
    description: ClassVar[str] = "The image behind an alias. It is built by `hacienda lab image`, never by Terraform."
    key: ClassVar[str] = "alias"
    attributes: ClassVar[tuple[Attribute, ...]] = (
        *daemon.WHERE,
        Attribute("id", computed=True, description="The alias."),
        Attribute("alias", required=True, replace=True, description="The image's alias."),
        Attribute("fingerprint", computed=True, description="SHA-256 of the image that the alias stands for."),
    )

    def plan(self, context: Context, prior: State | None, planned: State) -> None:
        """The id is the alias; the fingerprint is looked up when it is known where."""
        planned["id"] = planned["alias"]
        if prior is not None and context.replace:
            planned["fingerprint"] = UNKNOWN

    def create(self, context: Context, planned: State) -> State:
        """Look it up."""
        found = self._fingerprint(planned)
        if found is None:
            raise errors.ToolError(f"Incus has no image {planned['alias']}", "Build it first: hacienda lab image")
        return {**planned, "fingerprint": found}

    def read(self, context: Context, state: State) -> State | None:
        """Look it up again: the alias may stand for a newer image."""
        found = self._fingerprint(state)
        return None if found is None else {**state, "fingerprint": found}

    def update(self, context: Context, prior: State, planned: State) -> State:
        """Nothing of it can change in place."""
        return planned

    def delete(self, context: Context, state: State) -> None:
        """Images are shared: it stays."""

    @staticmethod
    def _fingerprint(state: State) -> str | None:
        found = daemon.daemon(state).find(f"/1.0/images/aliases/{daemon.quoted(state['alias'])}")
        return None if found is None else str(found["target"])
