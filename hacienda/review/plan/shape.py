"""Types of the plan's fields that the guard reads. Plans come from elsewhere, so any field may have any type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Shape = Callable[[Any, str], Iterator[str]]
"""Takes a value and its path; yields what is wrong with the value. A known field may be null: Terraform leaves out empty
fields."""


def complaint(plan: Mapping[str, Any]) -> str | None:
    """The first field of a plan whose type is not the one that Terraform writes; None: every type is right."""
    return next(_PLAN(plan, ""), None)


def _text(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{at} is not a string"


def _key(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, str | int):
        yield f"{at} is neither a string nor a number"


def _anything(_value: Any, _at: str) -> Iterator[str]:
    return iter(())


def _list(inner: Shape) -> Shape:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{at} is not a list"
            return
        for number, one in enumerate(value):
            yield from inner(one, f"{at}[{number}]")

    return check


def _object(fields: Mapping[str, Shape] | None = None, *, others: Shape = _anything) -> Shape:
    """An object with these fields. Every other field has the shape `others`."""
    known = fields or {}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at} is not an object"
            return
        for name, one in value.items():
            where = f"{at}.{name}" if at else name
            if name not in known:
                yield from others(one, where)
            elif one is not None:
                yield from known[name](one, where)

    return check


def _module(value: Any, at: str) -> Iterator[str]:
    return _MODULE(value, at)


def _stored(value: Any, at: str) -> Iterator[str]:
    return _STORED(value, at)


_RESOURCE = _object({"depends_on": _list(_text), "expressions": _object(), "provider_config_key": _text})
_CALL = _object({"expressions": _object(), "module": _module})
_MODULE = _object(
    {
        "resources": _list(_RESOURCE),
        "module_calls": _object(others=_CALL),
        "outputs": _object(others=_object()),
    }
)
_PROVIDER = _object({"expressions": _object({"environment": _object(), "allow_destroy": _object()})})
_CONFIGURATION = _object({"provider_config": _object(others=_PROVIDER), "root_module": _module})

_INSTANCE = {"address": _text, "module_address": _text, "type": _text, "name": _text, "index": _key}
_CHANGE = _object({**_INSTANCE, "change": _object({"actions": _list(_text)})})
_REMEMBERED = _object({**_INSTANCE, "depends_on": _list(_text)})
_STORED = _object({"address": _text, "resources": _list(_REMEMBERED), "child_modules": _list(_stored)})

_PLAN = _object(
    {
        "resource_changes": _list(_CHANGE),
        "resource_drift": _list(_CHANGE),
        "deferred_changes": _list(_object({"resource_change": _CHANGE})),
        "prior_state": _object({"values": _object({"root_module": _stored})}),
        "configuration": _CONFIGURATION,
    }
)
