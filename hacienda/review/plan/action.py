"""What a plan does to one resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from hacienda.declare.resource_types import MACHINES, MEMBER
from hacienda.secrets.store import DIGEST_KEY, comparable

Kind = Literal["create", "update", "replace", "delete"]

Differing = Mapping[str, tuple[str | None, str | None]]
"""Key -> value before and after; None: the key is absent."""


@dataclass(frozen=True)
class PlannedAction:
    """What a plan does to one managed resource instance. The action can be nothing.

    Args:
        source: the plan that contains the action.
        address: Terraform address of the resource.
        type: resource type.
        label: the last part of the address.
        base: address in the configuration of the module: `type.name`.
        module: the module calls around the resource, outermost first: name, and instance key or None.
        key: the resource's own instance key: a number for `count`, a text for `for_each`, otherwise None.
        actions: actions as Terraform writes them; `("no-op",)` where nothing happens.
        before: stored values; None: the resource does not exist.
        after: planned values, as far as they are known; None: the resource will not exist.
        requested: the resource is replaced because `-replace` names it.
        triggered: the resource is replaced because another one changes (`replace_triggered_by`).
    """

    source: str
    address: str
    type: str
    label: str
    base: str
    module: tuple[tuple[str, str | int | None], ...]
    key: str | int | None
    actions: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    requested: bool = False
    triggered: bool = False

    @property
    def kind(self) -> Kind | None:
        """What happens to the resource; None: nothing, or Terraform only reads it."""
        if "delete" in self.actions and "create" in self.actions:
            return "replace"
        kinds: tuple[Kind, ...] = ("create", "update", "delete")
        return next((kind for kind in kinds if kind in self.actions), None)

    @property
    def is_member(self) -> bool:
        """Whether the resource is a member."""
        return self.type == MEMBER

    @property
    def is_machine(self) -> bool:
        """Whether the resource is a machine that Hacienda's provider creates."""
        return self.type in MACHINES

    @property
    def name(self) -> str:
        """The node's name for members and machines, otherwise the last part of the address."""
        values = self.after or self.before or {}
        return str(values.get("node") or values.get("name") or self.label)

    @cached_property
    def files(self) -> Differing:
        """Files of a member that change: path -> short hash before and after. Empty for other resources."""
        return self._differing("files") if self.is_member else {}

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Names of a member's secrets that change. `digest/key` stands for digests under different keys, which cannot be
        compared."""
        found = self._differing("secrets") if self.is_member else {}
        known = {name for name, (old, new) in found.items() if old is None or new is None or comparable(old, new)}
        return tuple(sorted(known if len(known) == len(found) else {*known, DIGEST_KEY}))

    @property
    def restarts(self) -> tuple[str, ...]:
        """What an update of a member does to its services: `restart SERVICE`, `reload SERVICE` or
        `reconcile SERVICE: SECRET`."""
        return tuple((self.after or {}).get("restarts") or ()) if self.is_member and self.kind == "update" else ()

    def _differing(self, attribute: str) -> Differing:
        old, new = ((values or {}).get(attribute) or {} for values in (self.before, self.after))
        return {key: (old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)}

    @property
    def goes(self) -> bool:
        """Whether the existing resource is destroyed: deleted, or replaced in either order."""
        return "delete" in self.actions

    @property
    def way(self) -> str:
        """`deleted` or `replaced`."""
        return "replaced" if "create" in self.actions else "deleted"
