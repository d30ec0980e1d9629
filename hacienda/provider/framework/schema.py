"""Declares the attributes of resources and of the provider block."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hacienda.provider.protocol import tfplugin6_pb2 as wire

Type = str | list[Any]
"""A type as Terraform's JSON writes it: `"string"`, `"number"`, `"bool"`, `["map", "string"]`, `["object", {...}]`."""

STRINGS: Type = ["map", "string"]
"""A map of strings."""


@dataclass(frozen=True)
class Attribute:
    """One attribute.

    Args:
        name: name in the configuration.
        type: its type.
        description: one sentence for the reader of the schema.
        required: whether the configuration must set it.
        optional: whether the configuration may set it.
        computed: whether the provider may set it.
        sensitive: whether Terraform's output hides it. The state holds it in plain text nevertheless.
        replace: whether its change replaces the resource.
        default: value of an optional attribute that the configuration does not set. Such an attribute is also computed.
    """

    name: str
    type: Type = "string"
    description: str = ""
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    replace: bool = False
    default: Any = None

    def message(self) -> wire.Schema.Attribute:
        """The attribute on the wire."""
        return wire.Schema.Attribute(
            name=self.name,
            type=json.dumps(self.type).encode(),
            description=self.description,
            required=self.required,
            optional=self.optional,
            computed=self.computed or self.default is not None,
            sensitive=self.sensitive,
        )

    def described(self) -> dict[str, Any]:
        """The attribute for people and tests: type and flags as JSON."""
        flags = {"required": self.required, "optional": self.optional, "replace": self.replace}
        computed = self.computed or self.default is not None
        return {
            "type": self.type,
            "computed": computed,
            "default": self.default,
            "description": self.description,
            **flags,
        }


def schema(attributes: Iterable[Attribute], version: int = 0, description: str = "") -> wire.Schema:
    """A schema on the wire."""
    block = wire.Schema.Block(attributes=[attribute.message() for attribute in attributes], description=description)
    return wire.Schema(version=version, block=block)
