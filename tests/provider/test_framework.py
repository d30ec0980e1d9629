"""The framework: values on the wire, answers to every request, and what a failing operation leaves."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any, ClassVar

import msgpack
import pytest

from hacienda.provider import composition
from hacienda.provider.framework.context import Context
from hacienda.provider.framework.operations import Provider
from hacienda.provider.framework.resource import Resource
from hacienda.provider.framework.schema import Attribute
from hacienda.provider.framework.values import UNKNOWN, State, decode, encode, known
from hacienda.provider.protocol import tfplugin6_pb2 as wire


class Toy(Resource):
    """Fails as its `mode` says."""

    name: ClassVar[str] = "toy"
    key: ClassVar[str] = "label"
    attributes: ClassVar[tuple[Attribute, ...]] = (
        Attribute("label", required=True),
        Attribute("mode", optional=True),
        Attribute("size", "number", optional=True, default=3),
        Attribute("id", computed=True),
    )

    def create(self, context: Context, planned: State) -> State:
        if planned["mode"] == "half":
            context.save({**planned, "id": "half made"})
            raise ValueError("it broke")
        if planned["mode"] == "exit":
            sys.exit("a library gave up")
        return {**planned, "id": "made"}

    def read(self, context: Context, state: State) -> State | None:
        context.private["reads"] = context.private.get("reads", 0) + 1
        return state

    def update(self, context: Context, prior: State, planned: State) -> State:
        raise OSError("disk full")

    def delete(self, context: Context, state: State) -> None:
        raise KeyError("missing")


@pytest.fixture
def provider() -> Provider:
    return Provider((Toy(),), (), lambda config: None, threading.Event())


def apply(provider: Provider, prior: State | None, planned: State | None) -> Any:
    request = wire.ApplyResourceChange.Request(
        type_name="toy", prior_state=encode(prior), planned_state=encode(planned), config=encode(planned)
    )
    return provider.ApplyResourceChange(request)


def state(**values: Any) -> State:
    return {"label": "one", "mode": None, "size": 3, "id": None, **values}


def test_unknown_values_survive_the_wire_and_refined_ones_are_understood() -> None:
    value = {"a": UNKNOWN, "b": [1, None], "c": {"d": "x"}}
    assert decode(encode(value)) == value
    refined = msgpack.packb({"a": msgpack.ExtType(12, b"\x81\x01\xc2")})
    assert decode(wire.DynamicValue(msgpack=refined)) == {"a": UNKNOWN}
    assert not known(value)
    assert decode(wire.DynamicValue(json=b'{"a": 1}')) == {"a": 1}
    assert decode(wire.DynamicValue()) is None


def test_an_exception_keeps_what_was_saved(provider: Provider) -> None:
    answer = apply(provider, None, state(mode="half", id=UNKNOWN))
    assert decode(answer.new_state)["id"] == "half made"
    assert answer.diagnostics[0].summary == "toy one: ValueError: it broke"


def test_even_an_exit_is_answered(provider: Provider) -> None:
    answer = apply(provider, None, state(mode="exit"))
    assert decode(answer.new_state) is None
    assert answer.diagnostics[0].summary == "toy one: SystemExit: a library gave up"


@pytest.mark.parametrize("planned, error", [(state(size=4), "OSError"), (None, "KeyError")])
def test_a_failed_change_keeps_the_prior_state(provider: Provider, planned: State | None, error: str) -> None:
    prior = state(id="made")
    answer = apply(provider, prior, planned)
    assert decode(answer.new_state) == prior
    assert error in answer.diagnostics[0].summary


def test_nothing_begins_after_the_wish_to_stop(provider: Provider) -> None:
    provider.StopProvider(wire.StopProvider.Request())
    answer = apply(provider, None, state())
    assert decode(answer.new_state) is None
    assert "stopped before it started" in answer.diagnostics[0].summary


def test_defaults_and_unknowns_are_planned(provider: Provider) -> None:
    config = encode({"label": "one", "mode": None, "size": None, "id": None})
    request = wire.PlanResourceChange.Request(type_name="toy", proposed_new_state=config, config=config)
    planned = decode(provider.PlanResourceChange(request).planned_state)
    assert planned == {"label": "one", "mode": None, "size": 3, "id": UNKNOWN}


def test_a_state_of_an_older_schema_is_completed(provider: Provider) -> None:
    raw = wire.RawState(json=json.dumps({"label": "one", "id": "made", "gone": True}).encode())
    answer = provider.UpgradeResourceState(wire.UpgradeResourceState.Request(type_name="toy", raw_state=raw))
    assert decode(answer.upgraded_state) == {"label": "one", "mode": None, "size": 3, "id": "made"}


def test_private_data_comes_back(provider: Provider) -> None:
    request = wire.ReadResource.Request(type_name="toy", current_state=encode(state()))
    first = provider.ReadResource(request)
    again = provider.ReadResource(
        wire.ReadResource.Request(type_name="toy", current_state=encode(state()), private=first.private)
    )
    assert json.loads(again.private) == {"reads": 2}


def test_importing_says_why_not(provider: Provider) -> None:
    answer = provider.ImportResourceState(wire.ImportResourceState.Request(type_name="toy", id="x"))
    assert "a creation adopts an existing object" in answer.diagnostics[0].detail


def test_every_attribute_of_every_resource_is_described() -> None:
    described = composition.provider().described()
    assert set(described["resources"]) == {
        "hacienda_member",
        "hacienda_gate",
        "hacienda_incus_network",
        "hacienda_incus_image",
        "hacienda_incus_instance",
    }
    for attributes in (described["provider"], *described["resources"].values()):
        assert all(attribute["description"] for attribute in attributes.values())


def test_people_who_start_it_are_told_what_it_is() -> None:
    command = [sys.executable, "-m", "hacienda.provider"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Terraform starts it" in done.stderr
    schema = subprocess.run([*command, "--schema"], capture_output=True, text=True, check=True)
    assert json.loads(schema.stdout)["resources"]["hacienda_member"]["node"]["replace"] is True
