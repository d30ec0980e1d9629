"""The resources to which a configuration refers, through variables and outputs of modules, as far as a plan shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hacienda.review.plan.action import PlannedAction
from hacienda.review.plan.reader import Plan

_DEPTH = 20
"""How many nested modules and references through them are followed; Terraform allows no cycles."""

_KEY = re.compile(r'\[("(?:[^"\\]|\\.)*"|\d+)\]')
_SCOPES = {"local", "each", "count", "self", "path", "terraform", "data"}
"""First words of references that a plan does not resolve. A plan does not show the expression of a local value."""


@dataclass(frozen=True)
class Target:
    """A resource in the configuration.

    Args:
        module: names of the module calls around the resource, outermost first.
        base: `type.name`; empty: everything in the module.
        keys: instance keys of the resource or of its modules, as the reference writes them; empty: none is written.
    """

    module: tuple[str, ...]
    base: str
    keys: tuple[str, ...] = ()

    def means(self, change: PlannedAction, of: PlannedAction) -> bool:
        """Whether a resource instance is meant when the instance `of` refers to this target.

        If the reference writes no key, instances with a common key belong together (`each.key`, `count.index`).
        """
        names = tuple(name for name, _ in change.module)
        if self.base:
            if names != self.module or change.base != self.base:
                return False
        elif names[: len(self.module)] != self.module:
            return False
        if self.keys:
            return set(self.keys) <= {_written(key) for key in (change.key, *(key for _, key in change.module))}
        for (name, key), (other, wanted) in zip(change.module, of.module, strict=False):
            if name != other:
                break
            if key != wanted:
                return False
        return _alike(change, of)


def _written(key: str | int | None) -> str:
    return f'"{key}"' if isinstance(key, str) else str(key)


def _alike(change: PlannedAction, of: PlannedAction) -> bool:
    shared = 0
    for one, other in zip(change.module, of.module, strict=False):
        if one != other:
            break
        shared += 1
    keys = {key for _, key in change.module[shared:] if key is not None} | ({change.key} - {None})
    wanted = {key for _, key in of.module[shared:] if key is not None} | ({of.key} - {None})
    return not keys or not wanted or bool(keys & wanted)


def targets(plan: Plan, of: PlannedAction, attributes: Iterable[str]) -> frozenset[Target]:
    """The targets to which attributes of a resource refer.

    Args:
        plan: the plan.
        of: the resource.
        attributes: names of its attributes; `depends_on` counts as one.
    """
    path = tuple(name for name, _ in of.module)
    configured = resource(plan, of)
    found: set[Target] = set()
    for attribute in attributes:
        if attribute == "depends_on":
            words = configured.get("depends_on") or []
        else:
            words = _references((configured.get("expressions") or {}).get(attribute))
        found.update(_resolve(plan, path, words, _DEPTH))
    return frozenset(found)


def dependencies(plan: Plan, of: PlannedAction) -> frozenset[Target]:
    """Everything on which a resource depends, by its whole configuration and by the state."""
    written = targets(plan, of, (*(resource(plan, of).get("expressions") or {}), "depends_on"))
    return written | {_stored(address) for address in plan.dependencies.get(of.address, ())}


def _stored(address: str) -> Target:
    """The target for `module.a.type.name`. The state writes dependencies without keys."""
    parts = address.split(".")
    module: list[str] = []
    while parts[0] == "module" and len(parts) > 1:
        module.append(parts[1])
        parts = parts[2:] or [""]
    return Target(tuple(module), ".".join(parts[:2]))


def resource(plan: Plan, of: PlannedAction) -> Mapping[str, Any]:
    """The configuration of a resource; empty if it is no longer configured."""
    return plan.configured.get((tuple(name for name, _ in of.module), of.base), {})


def _module(plan: Plan, path: tuple[str, ...]) -> Mapping[str, Any]:
    module = plan.configuration.get("root_module") or {}
    for name in path:
        module = ((module.get("module_calls") or {}).get(name) or {}).get("module") or {}
    return dict(module)


def _call(plan: Plan, path: tuple[str, ...]) -> Mapping[str, Any]:
    """The call of the module at a path of names."""
    return dict((_module(plan, path[:-1]).get("module_calls") or {}).get(path[-1]) or {})


def _references(expression: Any) -> list[str]:
    """All references of an expression, at any depth: blocks are lists of maps of expressions."""
    if isinstance(expression, dict):
        own = expression.get("references")  # a block may have an attribute of that name
        listed = [str(word) for word in own] if isinstance(own, list) else _references(own)
        return listed + [w for key, inner in expression.items() if key != "references" for w in _references(inner)]
    if isinstance(expression, list):
        return [word for inner in expression for word in _references(inner)]
    return []


def _resolve(
    plan: Plan, path: tuple[str, ...], words: Iterable[str], depth: int, keys: tuple[str, ...] = ()
) -> Iterator[Target]:
    """Targets of references. Terraform lists a reference with its less specific forms; the most specific one counts."""
    listed = list(words)
    for word in listed:
        if depth and not any(other != word and other.startswith((f"{word}.", f"{word}[")) for other in listed):
            yield from _one(plan, path, word, depth - 1, (*keys, *_KEY.findall(word)))


def _one(plan: Plan, path: tuple[str, ...], word: str, depth: int, keys: tuple[str, ...]) -> Iterator[Target]:
    parts = _KEY.sub("", word).split(".")
    if parts[0] == "var" and path and len(parts) > 1:
        expression = (_call(plan, path).get("expressions") or {}).get(parts[1])
        yield from _resolve(plan, path[:-1], _references(expression), depth)
    elif parts[0] == "module" and len(parts) > 1:
        inner = (*path, parts[1])
        if len(parts) == 2:
            yield Target(inner, "", keys)
            return
        output = (_module(plan, inner).get("outputs") or {}).get(parts[2]) or {}
        yield from _resolve(plan, inner, _references(output.get("expression")), depth, keys)
    elif len(parts) > 1 and parts[0] not in _SCOPES | {"var"}:
        yield Target(path, f"{parts[0]}.{parts[1]}", keys)
