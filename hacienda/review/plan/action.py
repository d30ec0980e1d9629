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
"""Key -> value before and after; None: it is not there."""


@dataclass(frozen=True)
class PlannedAction:
    """What a plan does to one managed resource instance, be it nothing.

    Args:
        source: the plan it is in.
        address: its Terraform address.
        type: resource type.
        label: the last part of its address.
        base: its address in the configuration of its module: `type.name`.
        module: the calls it is in, from outside: name, and instance key or None.
        key: its own instance key: of `count` a number, of `for_each` a text; None without.
        actions: as Terraform writes them; `("no-op",)` where nothing happens.
        before: what is stored; None: it does not exist.
        after: what will be, as far as it is known; None: it will not exist.
        requested: it is replaced because -replace says so.
        triggered: it is replaced because something else changes (`replace_triggered_by`).
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
        """What happens to it; None: nothing, or it is read."""
        if "delete" in self.actions and "create" in self.actions:
            return "replace"
        kinds: tuple[Kind, ...] = ("create", "update", "delete")
        return next((kind for kind in kinds if kind in self.actions), None)

    @property
    def is_member(self) -> bool:
        """Whether it is a node's configuration."""
        return self.type == MEMBER

    @property
    def is_machine(self) -> bool:
        """Whether it is a machine that the provider makes."""
        return self.type in MACHINES

    @property
    def name(self) -> str:
        """The node's name for members and machines, else the last part of the address."""
        values = self.after or self.before or {}
        return str(values.get("node") or values.get("name") or self.label)

    @cached_property
    def files(self) -> Differing:
        """Of a member: files that change, path -> short hash before and after."""
        return self._differing("files") if self.is_member else {}

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Of a member: names of secrets that change; `digest/key`, where digests are under another key and cannot be compared."""
        found = self._differing("secrets") if self.is_member else {}
        known = {name for name, (old, new) in found.items() if old is None or new is None or comparable(old, new)}
        return tuple(sorted(known if len(known) == len(found) else {*known, DIGEST_KEY}))

    @property
    def restarts(self) -> tuple[str, ...]:
        """Of a member that is updated: what is done to services, `restart SERVICE`, `reload SERVICE` or
        `reconcile SERVICE: SECRET`."""
        return tuple((self.after or {}).get("restarts") or ()) if self.is_member and self.kind == "update" else ()

    def _differing(self, attribute: str) -> Differing:
        old, new = ((values or {}).get(attribute) or {} for values in (self.before, self.after))
        return {key: (old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)}

    @property
    def goes(self) -> bool:
        """What exists is destroyed: deleted, or replaced in whichever order."""
        return "delete" in self.actions

    @property
    def way(self) -> str:
        """`deleted` or `replaced`."""
        return "replaced" if "create" in self.actions else "deleted"
