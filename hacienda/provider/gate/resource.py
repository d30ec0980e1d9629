"""The Terraform resource `hacienda_gate`."""

from __future__ import annotations

from typing import ClassVar

from hacienda.declare import resource_types
from hacienda.provider.framework.context import Context
from hacienda.provider.framework.resource import Resource
from hacienda.provider.framework.schema import STRINGS, Attribute
from hacienda.provider.framework.values import State
from hacienda.provider.gate.watch import Watch
from hacienda.provider.member import secret_values
from hacienda.provider.provider_data import ProviderData
from hacienda.provider.record import Record
from hacienda.remote import trust
from hacienda.remote.transport import Address

_PATIENCE = 600
"""Seconds. A cold start of all controllers takes 1 to 6 minutes in the lab."""


class Gate(Resource):
    """Waits until the services of its nodes are healthy. Deleting or replacing a gate changes nothing else."""

    name: ClassVar[str] = resource_types.GATE
    description: ClassVar[str] = (
        "Waits until the services of its nodes are healthy. It fails if they do not become healthy in time."
    )
    version: ClassVar[int] = 1
    key: ClassVar[str] = "name"
    attributes: ClassVar[tuple[Attribute, ...]] = (
        Attribute("id", computed=True, description="The gate's name."),
        Attribute("name", required=True, description="The gate's name in messages."),
        Attribute(
            "members",
            ["map", ["object", {"host": "string", "port": "number"}]],
            required=True,
            description="The gate's nodes, with host and port for SSH.",
        ),
        Attribute("user", required=True, description="SSH user: root, or a user with sudo without a password."),
        Attribute(
            "identity_file",
            optional=True,
            description="Path of the SSH private key. Default: the store's key, or the SSH agent's.",
        ),
        Attribute("secret_store", optional=True, description="The store that holds the deployer's SSH key."),
        Attribute("jump", optional=True, description="Jump host, in the syntax of ssh -J."),
        Attribute("trust", required=True, description=f"How host keys are learnt; see {resource_types.MEMBER}."),
        Attribute(
            "services", ["list", "string"], optional=True, description="Services that must be healthy. Default: all."
        ),
        Attribute("triggers", STRINGS, optional=True, description="The gate waits again when one of these changes."),
        Attribute("timeout", "number", optional=True, default=_PATIENCE, description="Seconds that it waits at most."),
        Attribute("record", optional=True, description="Path of cluster.json. Default: the provider block's."),
    )

    def __init__(self, data: ProviderData) -> None:
        self._data = data
        self._key = secret_values.DeployerKey()

    def upgrade(self, version: int, state: State) -> State:
        """In version 0 the attribute `services` had the name `promises`."""
        kept = {name: value for name, value in state.items() if name != "promises"}
        return {**kept, "services": state.get("promises")} if version == 0 else state

    def validate(self, context: Context, config: State) -> None:
        """Refuses an invalid trust string."""
        if isinstance(config["trust"], str):
            trust.parse(config["trust"])

    def plan(self, context: Context, prior: State | None, planned: State) -> None:
        """Sets the id, which is the name."""
        planned["id"] = planned["name"]

    def create(self, context: Context, planned: State) -> State:
        """Waits until the services are healthy."""
        return self._wait(context, planned)

    def read(self, context: Context, state: State) -> State | None:
        """Returns the state unchanged, because a gate leaves nothing that could be read."""
        return state

    def update(self, context: Context, prior: State, planned: State) -> State:
        """Waits again. First it removes the triggers from the state: if the wait fails, the next plan waits again."""
        context.save({**prior, "triggers": None})
        return self._wait(context, planned)

    def delete(self, context: Context, state: State) -> None:
        """Does nothing, because a gate leaves nothing behind."""

    def _wait(self, context: Context, planned: State) -> State:
        watch = Watch(planned["name"], self._addresses(planned), planned["services"] or ())
        found = watch.wait(context.stop, planned["timeout"])
        record = Record(planned["record"]) if planned["record"] else self._data.record
        record.add(watch.record(found))
        return planned

    def _addresses(self, planned: State) -> list[Address]:
        key = planned["identity_file"] or self._key.path(planned["secret_store"] or "")
        return [
            Address(
                node=name,
                host=member["host"],
                port=int(member["port"] or 22),
                user=planned["user"],
                identity_file=key,
                trust=planned["trust"],
                jump=planned["jump"] or "",
            )
            for name, member in sorted(planned["members"].items())
        ]
