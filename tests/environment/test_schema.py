"""The JSON Schema accepts the good files and knows every key."""

from __future__ import annotations

import jsonschema
import pytest

from hacienda.environment import schema
from hacienda.environment.source import parse
from tests.cloud.samples import SHIPPED_REGISTRY
from tests.environment.test_fuzz import RICH, SHIPPED

SCHEMA = schema(SHIPPED_REGISTRY)
GOOD = {"rich": RICH, **SHIPPED}


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_it_accepts_the_good_files(name: str) -> None:
    jsonschema.validate(parse(GOOD[name], name)[0], SCHEMA)


@pytest.mark.parametrize(
    "text",
    ["name: x", "nam: x", "name: [x]", "name: x\nnetworks: {management: {cidr: 10.0.0.0/24}}\nmachines: {ctl: 3}"],
)
def test_it_refuses_what_the_loader_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(parse(text.encode(), "x")[0], SCHEMA)


def test_service_options_are_in_it_with_their_descriptions() -> None:
    options = SCHEMA["properties"]["services"]["properties"]["haproxy"]["anyOf"][0]
    assert options["properties"]["connections"]["description"] == "Connections at a time."
    assert "haproxy.Timeouts" in SCHEMA["$defs"]


def test_rules_to_accept_are_in_it_where_they_are_known() -> None:
    start = b"name: x\nnetworks: {m: {cidr: 10.0.0.0/24}}\nmachines: {controller: 3}\n"
    text = start + b"accept: [{rule: %s, reason: r, until: 2027-01-31}]"
    known = schema(SHIPPED_REGISTRY, ("DOMAIN", "TIME"))
    jsonschema.validate(parse(text % b"TIME", "x")[0], known)
    jsonschema.validate(parse(text % b"OTHER", "x")[0], SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(parse(text % b"OTHER", "x")[0], known)


def test_every_key_has_a_description() -> None:
    for name, definition in {"": SCHEMA, **SCHEMA["$defs"]}.items():
        for key, value in definition.get("properties", {}).items():
            meant = SCHEMA["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
            assert value.get("description") or meant.get("description"), f"{name}.{key}"
