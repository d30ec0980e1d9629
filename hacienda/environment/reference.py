"""The reference page of the environment file, generated from the models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hacienda.declare import Choice, Registry
from hacienda.declare.trust import KEYWORD
from hacienda.environment.schema import schema

_HEADER = """# The environment file: reference

Generated from the models by `python docs/generate.py`. [The guide](environment-guide.md) explains how to use the file.
Every other key is an error. `hacienda diff`, `report` and `plan` list changes of keys of *trust* first.
A key without a default has the one in its description, or none.
"""

_SECTIONS = (
    ("NetworkSpec", "networks.<name>"),
    ("Bond", "networks.<name>.bond"),
    ("Route", "networks.<name>.routes[]"),
    ("ProviderNetworks", "networks.<name>.provider"),
    ("Machines", "machines"),
    ("MachineGroup", "machines.<role>"),
    ("MachineSpec", "machines.<role>.nodes.<name>"),
    ("Bmc", "machines.<role>.nodes.<name>.bmc"),
    ("Incus", "platform: incus"),
    ("Existing", "platform: existing"),
    ("FirewallRule", "firewall_rules[]"),
    ("Availability", "availability"),
    ("Api", "api"),
    ("OwnCertificate", "api.certificate"),
    ("Tls", "tls"),
    ("Secrets", "secrets"),
    ("State", "state"),
    ("Time", "time"),
    ("Dns", "dns"),
    ("Packages", "packages"),
    ("Ssh", "ssh"),
    ("Accept", "accept[]"),
)
"""Definition -> heading, in the order of the page."""

_CHOICES: Mapping[Choice, str] = {
    "always": "",
    "unless declined": "\nEvery cloud has it unless the file says `false`.\n",
    "on request": "\nA cloud has it if the file says `true`, or has options of it.\n",
}


def reference(registry: Registry) -> str:
    """The page, in Markdown.

    Args:
        registry: services whose options the page lists.
    """
    whole = schema(registry)
    definitions: Mapping[str, Any] = whole["$defs"]
    whole["properties"]["release"]["enum"].pop()  # the unquoted number means the same
    parts = [_HEADER, *_table("The file", whole, definitions)]
    for name, heading in _SECTIONS:
        parts += _table(f"`{heading}`", definitions[name], definitions)
    parts.append("## Services\n\nOptions of services, below `services.<service>`.\n")
    for service in registry:
        options = whole["properties"]["services"]["properties"][service.name]["anyOf"][0]
        parts.append(f"### {service.name}\n\n{service.title}.\n".replace("..\n", ".\n") + _CHOICES[service.choice])
        parts.append(_rows(options, definitions) if options.get("properties") else "No options.\n")
    return "\n".join(parts)


def _table(heading: str, definition: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {heading}\n\n{_words(definition.get('description', ''))}\n"
    yield _rows(definition, definitions)


def _rows(definition: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str = "") -> str:
    required = definition.get("required", ())
    lines = [] if prefix else ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for key, value in definition["properties"].items():
        default = "needed" if key in required else _default(value)
        meaning = _words(value.get("description") or _target(value, definitions).get("description", ""))
        meaning += f" *Trust: it decides {value[KEYWORD]}.*" if KEYWORD in value else ""
        lines.append(f"| `{prefix}{key}` | {_kind(value, definitions)} | {default} | {meaning} |")
        inner = _target(value, definitions)
        if prefix or "." in str(value.get("$ref", "")):
            lines += _rows(inner, definitions, f"{prefix}{key}.").splitlines() if inner.get("properties") else []
    return "\n".join(lines) + "\n"


def _target(value: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    return definitions[value["$ref"].removeprefix("#/$defs/")] if "$ref" in value else {}


def _default(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    return "" if default in (None, [], {}) or isinstance(default, dict) else f"`{_plain(default)}`"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value).replace('"', "")


def _kind(value: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """The kind of a value, in a word or two."""
    if "$ref" in value:
        return "mapping"
    choices = value.get("anyOf") or value.get("oneOf")
    if choices:
        kinds = dict.fromkeys(_kind(choice, definitions) for choice in choices if choice.get("type") != "null")
        return " or ".join(kinds)
    if "enum" in value or "const" in value:
        return ", ".join(f"`{_plain(word)}`" for word in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        return f"list of {_kind(value.get('items', {}), definitions)}"
    if value.get("type") == "object":
        return "mapping"
    formats = {"ipv4": "address", "ipv4network": "network"}
    names = {"integer": "whole number", "number": "number", "string": "text", "boolean": "`true`, `false`"}
    word = formats.get(value.get("format", ""), names.get(value.get("type", ""), "value"))
    low, high = value.get("minimum", value.get("exclusiveMinimum")), value.get("maximum", value.get("exclusiveMaximum"))
    return f"{word}, {low} to {high}" if low is not None and high is not None else word


def _words(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
