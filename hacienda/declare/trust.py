"""What a key of the environment file decides about trust: declared beside the key, read by whoever shows changes of it.

    recipients: Annotated[tuple[...], AsList, Trust("who reads every secret")] = ()
    region: Annotated[Region, PLAIN] = "RegionOne"

A key whose value is another part of the file needs neither, its own keys do; a number names nobody, so it needs one only where it
is a matter of trust all the same. Every other key has one of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

KEYWORD = "x-trust"
"""In the JSON Schema: what the key decides."""


@dataclass(frozen=True)
class Trust:
    """A key by which somebody or something is trusted.

    Args:
        decides: what its value decides, as the end of `This decides ...`: `who reads every secret`.
        file: its value is the path of a file whose content decides the same.
    """

    decides: str
    file: bool = False

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core), KEYWORD: self.decides}


@dataclass(frozen=True)
class Plain:
    """A key that trusts nobody."""


PLAIN = Plain()


@dataclass(frozen=True)
class Fact:
    """One setting of trust as an environment has it.

    Args:
        value: as JSON has it.
        decides: as its key declares.
        file: the value is the path of a file.
    """

    value: Any
    decides: str
    file: bool = False


def marker(field: FieldInfo) -> Trust | Plain | None:
    """What is declared beside a key; the outermost one where its type brings one along. PLAIN for a number; None: nothing."""
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
    """Every setting of trust in a part of the file that is set or has a default: dotted path and what it is. A key that declares
    nothing counts as one."""
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
    """Parts of the file that a value is or holds."""
    if isinstance(value, BaseModel):
        yield path, value
    elif isinstance(value, Mapping):
        yield from (((*path, str(name)), part) for name, part in value.items() if isinstance(part, BaseModel))
    elif isinstance(value, tuple):
        yield from (((*path, str(at)), part) for at, part in enumerate(value) if isinstance(part, BaseModel))
