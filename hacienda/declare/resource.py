"""Terraform resources as plain data. Platforms and constructs declare them, and `hacienda.cdk` synthesizes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar


class Reference(str):
    """A Terraform expression, `${type.name.attribute}`. Every other text is literal."""

    __slots__ = ()


def literal(value: Any) -> Any:
    """The value in Terraform's JSON syntax: `${` and `%{` are escaped in every text except a Reference."""
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{") if "{" in value else value
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [literal(item) for item in value]
    return value


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One Terraform resource as plain data. A subclass names the type, and its fields are the attributes.

    Args:
        logical_id: name in the Terraform address, `<type>.<logical_id>`, which is a public contract.
        depends_on: addresses in the same stack that Terraform must create first although no attribute refers to them.
    """

    terraform_type: ClassVar[str]

    logical_id: str
    depends_on: tuple[str, ...] = ()

    @property
    def terraform_address(self) -> str:
        """`<type>.<logical_id>`."""
        return f"{self.terraform_type}.{self.logical_id}"

    def reference(self, attribute: str) -> Reference:
        """The expression for one of the resource's attributes."""
        return Reference(f"${{{self.terraform_address}.{attribute}}}")

    def attributes(self) -> dict[str, Any]:
        """The provider's attributes; attributes that are None are left out."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("logical_id", "depends_on") and value is not None:
                found[field.name] = literal(value)
        return found
