"""What a resource type implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from hacienda.provider.framework.context import Context
from hacienda.provider.framework.schema import Attribute
from hacienda.provider.framework.values import UNKNOWN, State


class Resource(ABC):
    """A resource type: its schema and its life. One instance serves all resources of the type, from many threads at once.

    An operation ends by returning, or by raising: a HaciendaError is for the operator to act upon; anything else is reported
    as a defect of the provider.
    """

    name: ClassVar[str]
    description: ClassVar[str] = ""
    version: ClassVar[int] = 0
    attributes: ClassVar[tuple[Attribute, ...]]
    key: ClassVar[str]
    """Attribute by which people know one resource of this type."""

    def label(self, state: State | None) -> str:
        """How messages call a resource: its type and its key."""
        value = (state or {}).get(self.key)
        return f"{self.name} {value}" if isinstance(value, str) else self.name

    def validate(self, context: Context, config: State) -> None:  # noqa: B027
        """Add errors about a configuration. Values may be unknown still."""

    def stored(self, state: State) -> None:  # noqa: B027
        """A resource was found in the stored state, before it is read or planned."""

    def upgrade(self, version: int, state: State) -> State:
        """A state that an earlier version of the schema wrote. Added and removed attributes need no code."""
        return state

    def plan(self, context: Context, prior: State | None, planned: State) -> None:  # noqa: B027
        """Complete the planned state of a creation (no prior) or an update, in place.

        Unset computed attributes of a creation are UNKNOWN already. `context.replace` has the attributes whose change
        replaces the resource; more may be added.
        """

    def plan_removal(self, context: Context, prior: State) -> None:  # noqa: B027
        """A resource is going to be deleted: add an error to refuse it."""

    @abstractmethod
    def create(self, context: Context, planned: State) -> State:
        """Create it, adopting what is there already; returns the new state."""

    @abstractmethod
    def read(self, context: Context, state: State) -> State | None:
        """What is there now; None when it is gone."""

    @abstractmethod
    def update(self, context: Context, prior: State, planned: State) -> State:
        """Change it in place; returns the new state."""

    @abstractmethod
    def delete(self, context: Context, state: State) -> None:
        """Remove it; to find it gone is fine."""

    def fill(self, prior: State | None, config: State, planned: State) -> None:
        """Apply defaults, and mark what a creation computes as unknown."""
        for attribute in self.attributes:
            unset = config.get(attribute.name) is None
            if unset and attribute.default is not None:
                planned[attribute.name] = attribute.default
            elif unset and prior is None and attribute.computed:
                planned[attribute.name] = UNKNOWN

    def complete(self, state: State) -> State:
        """A stored state with every attribute of today's schema and no other."""
        return {attribute.name: state.get(attribute.name, attribute.default) for attribute in self.attributes}
