"""The environment file's JSON Schema, for editors."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hacienda.declare import Registry
from hacienda.environment.model import Environment


def schema(registry: Registry, rules: Collection[str] = ()) -> dict[str, Any]:
    """JSON Schema (2020-12) of an environment file, with every service's options and all descriptions.

    Args:
        registry: services whose options the file may hold.
        rules: names of the rules that `accept` may name; empty: any.
    """
    result = Environment.model_json_schema(mode="validation")
    definitions = result["$defs"]
    services: dict[str, Any] = {}
    for service in registry:
        template = f"#/$defs/{service.name}.{{model}}"
        options = service.options.model_json_schema(mode="validation", ref_template=template)
        definitions |= {f"{service.name}.{name}": inner for name, inner in options.pop("$defs", {}).items()}
        options |= {"title": service.title, "additionalProperties": False}
        chosen = {"const": True} if service.choice == "always" else {"type": "boolean"}
        services[service.name] = {"anyOf": [options, {"type": "null"}, chosen], "description": service.title}
    result["properties"]["services"] |= {"properties": services, "additionalProperties": False}
    _short_forms(result, definitions)
    if rules:
        definitions["Accept"]["properties"]["rule"]["enum"] = sorted(rules)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **result, "title": "Hacienda environment"}


def _short_forms(result: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Adds the short forms that validators expand: a word for a platform, a count for a group, an empty node."""
    properties = result["properties"]
    properties["platform"] = {
        "anyOf": [{"enum": ["incus", "existing"]}, {k: v for k, v in properties["platform"].items() if k != "default"}],
        "description": properties["platform"]["description"],
    }
    release = properties["release"].pop("const")
    del properties["release"]["type"]
    properties["release"]["enum"] = [release, float(release)]
    for name, group in definitions["Machines"]["properties"].items():
        definitions["Machines"]["properties"][name] = {
            "anyOf": [{"type": "integer", "minimum": 0}, {"$ref": "#/$defs/MachineGroup"}],
            "description": group.get("description", ""),
        }
    machine_group = definitions["MachineGroup"]["properties"]
    machine_group["nodes"]["additionalProperties"] = {"anyOf": [{"$ref": "#/$defs/MachineSpec"}, {"type": "null"}]}
    machine_group["first"] = {
        "anyOf": [{"type": "string", "format": "ipv4"}, {**machine_group["first"], "description": ""}],
        "description": machine_group["first"]["description"],
    }
    purpose = definitions["NetworkSpec"]["properties"]["purpose"]
    definitions["NetworkSpec"]["properties"]["purpose"] = {
        "anyOf": [purpose["items"], {k: v for k, v in purpose.items() if k != "description"}],
        "description": purpose["description"],
    }
