"""Terraform values on the wire (msgpack) and in Python: null is None, an unknown value is `UNKNOWN`."""

from __future__ import annotations

import json
from typing import Any, Final

import msgpack

from hacienda.provider.protocol import tfplugin6_pb2 as wire

State = dict[str, Any]
"""One resource's attributes by name."""

_UNKNOWN_CODE = 0
"""msgpack extension of a plain unknown. 12 is an unknown with refinements, which a provider may ignore (go-cty,
msgpack)."""


class Unknown:
    """A value that is known only after the apply. There is one instance, `UNKNOWN`; copies are the same object."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


def encode(value: State | None) -> wire.DynamicValue:
    """A state, or None for "no such object".

    Raises:
        TypeError: a part of it is not a Terraform value.
    """
    return wire.DynamicValue(msgpack=msgpack.packb(value, default=_extension))


def decode(message: wire.DynamicValue) -> Any:
    """The value of a message; None for null and for a missing message."""
    if message.msgpack:
        return msgpack.unpackb(message.msgpack, ext_hook=lambda code, data: UNKNOWN, strict_map_key=False)
    if message.json:
        return json.loads(message.json)
    return None


def known(value: Any) -> bool:
    """Whether no part of the value is unknown."""
    if isinstance(value, dict):
        return all(known(item) for item in value.values())
    if isinstance(value, list):
        return all(known(item) for item in value)
    return value is not UNKNOWN


def _extension(value: object) -> Any:
    if value is UNKNOWN:
        return msgpack.ExtType(_UNKNOWN_CODE, b"\x00")
    raise TypeError(f"not a Terraform value: {type(value).__name__}")
