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
"""Settings without DHCP, DNS and NAT: machines configure their own addresses, and no packet leaves the host."""


_READ_ONLY = "a plan for review deletes a bridge"


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
            description="The host's own address on it, like 10.77.0.1/24. Default: none.",
        ),
        Attribute("mtu", "number", optional=True, default=1500, description="Largest packet in bytes."),
        Attribute("config", STRINGS, optional=True, description="Additional Incus settings of a network."),
    )

    def __init__(self, data: ProviderData) -> None:
        self._data = data

    def validate(self, context: Context, config: State) -> None:
        """Refuse names that no interface can have."""
        if isinstance(config["name"], str) and not _NAME.fullmatch(config["name"]):
            context.error(
                f"{config['name']!r} is not a bridge name",
                "Use a letter, then letters, digits and dashes, at most 15 characters.",
            )

    def stored(self, state: State) -> None:
        """Record it. If its creation is planned later, the bridge is being replaced."""
        self._data.departures.bridge(str(state["name"]), str(state["address"]))

    def plan(self, context: Context, prior: State | None, planned: State) -> None:
        """The id is the name. Refuse a plan that cuts off a majority."""
        refusal.unmark(context)
        planned["id"] = planned["name"]
        if prior is not None and context.replace:
            self._goes(context, Bridge(str(prior["name"]), str(prior["address"]), "replaced"))
        elif prior is None and known(planned["name"]):
            # Terraform plans a replaced resource a second time as a creation, and a resource of -replace only as a
            # creation.
            replaced = self._data.departures.bridge_made(planned["name"])
            if replaced is not None:
                self._goes(context, replaced)

    def plan_removal(self, context: Context, prior: State) -> None:
        """Refuse a plan that cuts off a majority."""
        refusal.unmark(context)
        self._goes(context, Bridge(str(prior["name"]), str(prior["address"]), "deleted"))

    def _goes(self, context: Context, bridge: Bridge) -> None:
        refused = self._data.departures.bridge_goes(bridge, allowed=self._data.allow_destroy)
        if self._data.review:
            # Members on it may be planned after it, without a change of their own.
            refusal.mark(context, _READ_ONLY)
        refusal.refuse(context, refused, review=self._data.review)

    def create(self, context: Context, planned: State) -> State:
        """Create it, or adopt this environment's bridge."""
        refusal.not_for_review(context)
        incus = daemon.daemon(planned)
        daemon.ensure_project(incus)
        if incus.find(self._path(planned)) is not None:
            return self.update(context, planned, planned)
        body = {"name": planned["name"], "type": "bridge", "config": self._config(planned)}
        incus.change("POST", "/1.0/networks", body)
        return planned

    def read(self, context: Context, state: State) -> State | None:
        """The bridge's settings, limited to the attributes of this resource."""
        found = daemon.daemon(state).find(self._path(state))
        if found is None:
            self._data.departures.bridge(state["name"], None)
            return None
        config = found["config"]
        extra = None if state["config"] is None else {k: config[k] for k in state["config"] if k in config}
        address, mtu = config.get("ipv4.address", "none"), int(config.get("bridge.mtu", 1500))
        return {**state, "address": address, "mtu": mtu, "config": extra}

    def update(self, context: Context, prior: State, planned: State) -> State:
        """Change settings in place."""
        incus, path = daemon.daemon(planned), self._path(planned)
        found = incus.get(path)
        daemon.refuse_foreign(found, self._data.environment, f"network {planned['name']}")
        incus.change("PUT", path, {"config": self._config(planned), "description": found["description"]})
        return planned

    def delete(self, context: Context, state: State) -> None:
        """Delete it. Its machines are already deleted."""
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
