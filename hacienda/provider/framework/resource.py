"""What a resource type implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from hacienda.provider.framework.context import Context
from hacienda.provider.framework.schema import Attribute
from hacienda.provider.framework.values import UNKNOWN, State


class Resource(ABC):
    """A resource type: its schema and its operations. One instance serves all resources of the type, in many threads at
    once.

    An operation returns or raises. A HaciendaError is for the operator. Any other exception is reported as a defect of
    the provider.
    """

    name: ClassVar[str]
    description: ClassVar[str] = ""
    version: ClassVar[int] = 0
    attributes: ClassVar[tuple[Attribute, ...]]
    key: ClassVar[str]
    """Attribute that identifies a resource of this type for people."""

    def label(self, state: State | None) -> str:
        """Name of a resource in messages: its type and its key."""
        value = (state or {}).get(self.key)
        return f"{self.name} {value}" if isinstance(value, str) else self.name

    def validate(self, context: Context, config: State) -> None:  # noqa: B027
        """Add errors about a configuration. Values may still be unknown."""

    def stored(self, state: State) -> None:  # noqa: B027
        """Called for a resource of the stored state, before it is read or planned."""

    def upgrade(self, version: int, state: State) -> State:
        """Convert a state of an earlier version of the schema. Added and removed attributes need no code."""
        return state

    def plan(self, context: Context, prior: State | None, planned: State) -> None:  # noqa: B027
        """Complete the planned state of a creation (no prior) or an update, in place.

        Unset computed attributes of a creation are already UNKNOWN. `context.replace` has the attributes whose change
        replaces the resource; this method may add more.
        """

    def plan_removal(self, context: Context, prior: State) -> None:  # noqa: B027
        """Called for a planned deletion. Add an error to refuse it."""

    @abstractmethod
    def create(self, context: Context, planned: State) -> State:
        """Create it, or adopt an existing object; returns the new state."""

    @abstractmethod
    def read(self, context: Context, state: State) -> State | None:
        """The current state; None: the object does not exist."""

    @abstractmethod
    def update(self, context: Context, prior: State, planned: State) -> State:
        """Change it in place; returns the new state."""

    @abstractmethod
    def delete(self, context: Context, state: State) -> None:
        """Delete it. A missing object is not an error."""

    def fill(self, prior: State | None, config: State, planned: State) -> None:
        """Apply defaults, and mark the computed attributes of a creation as unknown."""
        for attribute in self.attributes:
            unset = config.get(attribute.name) is None
            if unset and attribute.default is not None:
                planned[attribute.name] = attribute.default
            elif unset and prior is None and attribute.computed:
                planned[attribute.name] = UNKNOWN

    def complete(self, state: State) -> State:
        """A stored state with every attribute of today's schema and no other."""
        return {attribute.name: state.get(attribute.name, attribute.default) for attribute in self.attributes}
