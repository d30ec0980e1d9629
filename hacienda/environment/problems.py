"""Translates Pydantic's errors into the operator's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hacienda.declare.similar import similar
from hacienda.environment.source import Source, Trail
from hacienda.errors import Problem

_NOT_A_MAPPING = ("is not a mapping", "Write `key: value` lines below it, or `{key: value}`.")

_Words = Callable[[Mapping[str, Any]], tuple[str, str]]

_WORDS: Mapping[str, _Words] = {
    "hacienda": lambda ctx: (ctx["reason"], ctx["fix"]),
    "int_type": lambda ctx: ("is not a whole number", "Write digits without quotes, like `3`."),
    "int_from_float": lambda ctx: ("is not a whole number", "Write digits without quotes, like `3`."),
    "int_parsing": lambda ctx: ("is not a whole number", "Write digits without quotes, like `3`."),
    "float_type": lambda ctx: ("is not a number", "Write it like `99.9`."),
    "float_parsing": lambda ctx: ("is not a number", "Write it like `99.9`."),
    "bool_type": lambda ctx: ("is not true or false", "Write `true` or `false`."),
    "bool_parsing": lambda ctx: ("is not true or false", "Write `true` or `false`."),
    "string_type": lambda ctx: ("is not text", "Write text; put numbers in quotes."),
    "greater_than_equal": lambda ctx: ("is too small", f"Use {ctx['ge']} or more."),
    "greater_than": lambda ctx: ("is too small", f"Use more than {ctx['gt']}."),
    "less_than_equal": lambda ctx: ("is too large", f"Use {ctx['le']} or less."),
    "less_than": lambda ctx: ("is too large", f"Use less than {ctx['lt']}."),
    "too_long": lambda ctx: ("has too many entries", f"At most {ctx['max_length']}."),
    "too_short": lambda ctx: ("has too few entries", f"At least {ctx['min_length']}."),
    "string_too_long": lambda ctx: ("is too long", f"At most {ctx['max_length']} characters."),
    "string_too_short": lambda ctx: ("is too short", f"At least {ctx['min_length']} characters."),
    "byte_size": lambda ctx: ("is not a size", "Write a number and a unit, like `2GiB`."),
    "byte_size_unit": lambda ctx: ("is not a size", "Write a number and a unit, like `2GiB`."),
    "ip_v4_network": lambda ctx: ("is not a network in CIDR notation", "Write it like `10.77.0.0/24`."),
    "ip_v4_address": lambda ctx: ("is not an IPv4 address", "Write it like `10.77.0.10`."),
    "model_type": lambda ctx: _NOT_A_MAPPING,
    "model_attributes_type": lambda ctx: _NOT_A_MAPPING,
    "mapping_type": lambda ctx: _NOT_A_MAPPING,
    "dict_type": lambda ctx: _NOT_A_MAPPING,
    "tuple_type": lambda ctx: ("is not a list", "Write it in brackets: `[a, b]`."),
    "list_type": lambda ctx: ("is not a list", "Write it in brackets: `[a, b]`."),
}


def nearest(word: str, known: Iterable[str]) -> str:
    """The fix for an unknown word: `Did you mean ...?` and all known words, or that there are none."""
    names = sorted(known)
    if not names:
        return "There is nothing to choose from."
    close = similar(word, names)
    guess = f"Did you mean `{close}`? " if close else ""
    return f"{guess}Known here: {', '.join(names)}."


def problems(
    error: ValidationError, root: type[BaseModel], data: Any, source: Source, prefix: Trail = ()
) -> list[Problem]:
    """The errors of a validation, one for each place in the file.

    Args:
        error: what pydantic raised.
        root: the model that was validated.
        data: the raw value that was validated.
        source: positions in the file.
        prefix: where `data` is in the file.
    """
    found: dict[Trail, Problem] = {}
    for detail in error.errors(include_url=False):
        trail, value = _place(detail, data)
        if trail not in found:
            reason, fix = _explain(detail, root, value)
            hidden = detail["type"] in ("missing", "extra_forbidden") or value in (None, "")
            whole = isinstance(value, Mapping | list) and not reason.startswith("is not ")
            found[trail] = source.problem((*prefix, *trail), reason, fix, None if hidden or whole else value)
    return list(found.values())


def _place(detail: ErrorDetails, data: Any) -> tuple[Trail, Any]:
    """The part of an error's location that is in the file, and the value there. Pydantic adds parts that are not."""
    trail: Trail = ()
    value = data
    for part in detail["loc"]:
        listed = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if listed or (isinstance(value, Mapping) and part in value):
            trail, value = (*trail, part), value[part]
        elif part == "[key]":
            return trail, ""
    if detail["type"] == "missing":
        trail = (*trail, detail["loc"][-1])
    return trail, value


def _explain(detail: ErrorDetails, root: type[BaseModel], value: Any) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "extra_forbidden":
        known = _fields(root, detail["loc"][:-1])
        return "is not known here", nearest(last, known) if known else "Remove it: nothing can be set here."
    if kind == "missing":
        about = _fields(root, detail["loc"][:-1]).get(last, "")
        return "is missing", f"Add `{last}:`. {about}".strip()
    if value is None:
        return "is empty", "Give it a value, or remove the line."
    if kind == "literal_error":
        return "is not known", nearest(str(value), _literals(context))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = [tag.strip(" '") for tag in str(context.get("expected_tags", "'incus', 'existing'")).split(",")]
        word = value.get("type", "") if isinstance(value, Mapping) else value
        return ("is not known" if word else "does not say its type"), nearest(str(word), tags)
    if kind in _WORDS:
        return _WORDS[kind](context)
    message = detail["msg"].removeprefix("Value error, ")
    return f"is refused: {message[:1].lower()}{message[1:]}", ""


def _literals(context: Mapping[str, Any]) -> list[str]:
    return [
        word.strip(" '")
        for word in str(context.get("expected", "")).replace(" or ", ",").split(",")
        if word.strip(" '")
    ]


def _fields(root: type[BaseModel], location: Iterable[str | int]) -> dict[str, str]:
    """Keys that a location may hold, with the first sentence of their documentation."""
    kinds: list[Any] = [root]
    for part in location:
        inner = [found for kind in kinds for found in _step(kind, part)]
        tagged = [kind for kind in kinds if part == _tag(kind)]
        kinds = inner or tagged or kinds
    return {
        name: (field.description or "").split(". ")[0].rstrip(".").replace("\n", " ") + "."
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, BaseModel)
        for name, field in kind.model_fields.items()
    }


def _tag(kind: Any) -> object:
    fields = getattr(kind, "model_fields", {})
    return fields["type"].default if "type" in fields else None


def _step(kind: Any, part: str | int) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return _unwrap(field.annotation) if field is not None else []
    arguments = get_args(kind)
    if get_origin(kind) is tuple and isinstance(part, int):
        return _unwrap(arguments[0])
    if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Mapping) and len(arguments) == 2:
        return _unwrap(arguments[1])
    return []


def _unwrap(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _unwrap(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [kind for argument in get_args(annotation) for kind in _unwrap(argument)]
    return [annotation]
