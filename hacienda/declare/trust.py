"""What a key of the environment file decides about trust. It is declared beside the key; `hacienda diff` reports changes of it.

    recipients: Annotated[tuple[...], AsList, Trust("who reads every secret")] = ()
    region: Annotated[Region, PLAIN] = "RegionOne"

Every key has one of the two, with two exceptions. A key whose value is another part of the file needs none, because the keys of
that part have their own. A number counts as PLAIN, because it names nobody; it declares Trust where it decides about trust.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

KEYWORD = "x-trust"
"""Keyword of the JSON Schema that holds what the key decides."""


@dataclass(frozen=True)
class Trust:
    """A key that decides whom or what the environment trusts.

    Args:
        decides: what its value decides, as the end of `This decides ...`: `who reads every secret`.
        file: True: its value is the path of a file whose content makes the decision.
    """

    decides: str
    file: bool = False

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core), KEYWORD: self.decides}


@dataclass(frozen=True)
class Plain:
    """A key that decides nothing about trust."""


PLAIN = Plain()


@dataclass(frozen=True)
class Fact:
    """One setting of trust in an environment.

    Args:
        value: its value in JSON.
        decides: what its key declares that it decides.
        file: True: the value is the path of a file.
    """

    value: Any
    decides: str
    file: bool = False


def marker(field: FieldInfo) -> Trust | Plain | None:
    """The declaration beside a key. It takes precedence over one that the key's type contains. PLAIN for a number; None: none."""
    for found in reversed(field.metadata):
        if isinstance(found, Trust | Plain):
            return found
    return PLAIN if _is_number(field.annotation) else None


def _is_number(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _is_number(get_args(annotation)[0])
    if isinstance(annotation, type):
        return issubclass(annotation, int | float) and annotation is not bool
    choices = [one for one in get_args(annotation) if one is not type(None)]
    return get_origin(annotation) in (Union, UnionType) and all(map(_is_number, choices))


def facts(model: BaseModel, trail: tuple[str, ...] = ()) -> Iterator[tuple[str, Fact]]:
    """Every setting of trust in a part of the file that has a value, defaults included, as dotted path and fact.

    A key without a declaration counts as a setting of trust.
    """
    written = model.model_dump(mode="json")
    for name, field in type(model).model_fields.items():
        found, path = marker(field), (*trail, name)
        if found is PLAIN:
            continue
        inner = dict(_parts(getattr(model, name), path)) if found is None else {}
        for place, part in inner.items():
            yield from facts(part, place)
        if not inner and written[name] not in (None, [], {}):
            declared = found if isinstance(found, Trust) else Trust("something that is not declared")
            yield ".".join(path), Fact(written[name], declared.decides, declared.file)


def _parts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], BaseModel]]:
    """Parts of the file that a value is, or contains."""
    if isinstance(value, BaseModel):
        yield path, value
    elif isinstance(value, Mapping):
        yield from (((*path, str(name)), part) for name, part in value.items() if isinstance(part, BaseModel))
    elif isinstance(value, tuple):
        yield from (((*path, str(at)), part) for at, part in enumerate(value) if isinstance(part, BaseModel))
