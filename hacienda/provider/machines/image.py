"""`hacienda_incus_image`: resolves an image's alias to its fingerprint. `hacienda lab image` builds images."""

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
    description: ClassVar[str] = "The image behind an alias. `hacienda lab image` builds it, never Terraform."
    key: ClassVar[str] = "alias"
    attributes: ClassVar[tuple[Attribute, ...]] = (
        *daemon.WHERE,
        Attribute("id", computed=True, description="The alias."),
        Attribute("alias", required=True, replace=True, description="The image's alias."),
        Attribute("fingerprint", computed=True, description="SHA-256 of the alias' image."),
    )

    def plan(self, context: Context, prior: State | None, planned: State) -> None:
        """The id is the alias. The fingerprint is known once the daemon's socket is."""
        planned["id"] = planned["alias"]
        if prior is not None and context.replace:
            planned["fingerprint"] = UNKNOWN

    def create(self, context: Context, planned: State) -> State:
        """Find the fingerprint."""
        found = self._fingerprint(planned)
        if found is None:
            raise errors.ToolError(f"Incus has no image {planned['alias']}", "Build it first: hacienda lab image")
        return {**planned, "fingerprint": found}

    def read(self, context: Context, state: State) -> State | None:
        """Find the fingerprint again, because the alias may name a newer image."""
        found = self._fingerprint(state)
        return None if found is None else {**state, "fingerprint": found}

    def update(self, context: Context, prior: State, planned: State) -> State:
        """No attribute can change in place."""
        return planned

    def delete(self, context: Context, state: State) -> None:
        """The image stays, because images are shared."""

    @staticmethod
    def _fingerprint(state: State) -> str | None:
        found = daemon.daemon(state).find(f"/1.0/images/aliases/{daemon.quoted(state['alias'])}")
        return None if found is None else str(found["target"])
