"""`hacienda_incus_network`: a bridge on the lab's machine."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from hacienda.declare import resource_types
from hacienda.provider import refusal
from hacienda.provider.framework.context import Context
from hacienda.provider.framework.resource import Resource
from hacienda.provider.framework.schema import STRINGS, Attribute
from hacienda.provider.framework.values import State, known
from hacienda.provider.ground import Bridge
from hacienda.provider.machines import daemon
from hacienda.provider.provider_data import ProviderData

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,13}[a-z0-9])?")
"""Linux allows 15 characters for an interface."""

_QUIET = {"ipv4.nat": "false", "ipv4.dhcp": "false", "ipv6.address": "none", "dns.mode": "none"}
"""Addresses come from the machines' own configuration: no DHCP, no DNS, and nothing leaves the host."""


_READ_ONLY = "a bridge goes in a plan that is to be read"


class IncusNetwork(Resource):
    """A bridge."""

    name: ClassVar[str] = resource_types.NETWORK
    description: ClassVar[str] = "A bridge on the machine that runs Incus, without DHCP, DNS and NAT."
    key: ClassVar[str] = "name"
    attributes: ClassVar[tuple[Attribute, ...]] = (
        *daemon.WHERE,
        Attribute("id", computed=True, description="The bridge's name."),
        Attribute("name", required=True, replace=True, description="The bridge's name, 15 characters at most."),
        Attribute(
            "address",
            optional=True,
            default="none",
            description="The host's own address on it, 10.77.0.1/24. Default: none.",
        ),
        Attribute("mtu", "number", optional=True, default=1500, description="Largest packet in bytes."),
        Attribute("config", STRINGS, optional=True, description="More of Incus' own settings of a network."),
    )

    def __init__(self, data: ProviderData) -> None:
        self._data = data

    def validate(self, context: Context, config: State) -> None:
        """Refuse names that no interface can have."""
        if isinstance(config["name"], str) and not _NAME.fullmatch(config["name"]):
            context.error(
                f"{config['name']!r} is no bridge name", "A letter, then letters, digits, dashes; 15 at most."
            )

    def stored(self, state: State) -> None:
        """Remember it: should it be planned as a creation, then it is being replaced."""
        self._data.departures.bridge(str(state["name"]), str(state["address"]))

    def plan(self, context: Context, prior: State | None, planned: State) -> None:
        """The id is the name; refuse to cut a majority off."""
        refusal.unmark(context)
        planned["id"] = planned["name"]
        if prior is not None and context.replace:
            self._goes(context, Bridge(str(prior["name"]), str(prior["address"]), "replaced"))
        elif prior is None and known(planned["name"]):
            # Terraform plans what it replaces a second time as a creation, and what -replace names as nothing else.
            replaced = self._data.departures.bridge_made(planned["name"])
            if replaced is not None:
                self._goes(context, replaced)

    def plan_removal(self, context: Context, prior: State) -> None:
        """Refuse to cut a majority off."""
        refusal.unmark(context)
        self._goes(context, Bridge(str(prior["name"]), str(prior["address"]), "deleted"))

    def _goes(self, context: Context, bridge: Bridge) -> None:
        refused = self._data.departures.bridge_goes(bridge, allowed=self._data.allow_destroy)
        if self._data.review:
            # Members that stand on it may be planned after it, and change nothing themselves.
            refusal.mark(context, _READ_ONLY)
        refusal.refuse(context, refused, review=self._data.review)

    def create(self, context: Context, planned: State) -> State:
        """Make it, or adopt ours."""
        refusal.not_for_review(context)
        incus = daemon.daemon(planned)
        daemon.ensure_project(incus)
        if incus.find(self._path(planned)) is not None:
            return self.update(context, planned, planned)
        body = {"name": planned["name"], "type": "bridge", "config": self._config(planned)}
        incus.change("POST", "/1.0/networks", body)
        return planned

    def read(self, context: Context, state: State) -> State | None:
        """The bridge's settings, as far as we set them."""
        found = daemon.daemon(state).find(self._path(state))
        if found is None:
            self._data.departures.bridge(state["name"], None)
            return None
        config = found["config"]
        extra = None if state["config"] is None else {k: config[k] for k in state["config"] if k in config}
        address, mtu = config.get("ipv4.address", "none"), int(config.get("bridge.mtu", 1500))
        return {**state, "address": address, "mtu": mtu, "config": extra}

    def update(self, context: Context, prior: State, planned: State) -> State:
        """Settings change in place."""
        incus, path = daemon.daemon(planned), self._path(planned)
        found = incus.get(path)
        daemon.refuse_foreign(found, self._data.environment, f"network {planned['name']}")
        incus.change("PUT", path, {"config": self._config(planned), "description": found["description"]})
        return planned

    def delete(self, context: Context, state: State) -> None:
        """Remove it; its machines are gone already."""
        refusal.not_for_review(context)
        incus, path = daemon.daemon(state), self._path(state)
        found = incus.find(path)
        if found is not None:
            daemon.refuse_foreign(found, self._data.environment, f"network {state['name']}")
            incus.change("DELETE", path)

    def _config(self, planned: State) -> dict[str, Any]:
        ours = {
            "ipv4.address": planned["address"],
            "bridge.mtu": str(planned["mtu"]),
            daemon.MARK: self._data.environment,
        }
        return {**_QUIET, **ours, **(planned["config"] or {})}

    @staticmethod
    def _path(state: State) -> str:
        return f"/1.0/networks/{daemon.quoted(state['name'])}"
