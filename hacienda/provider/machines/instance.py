"""`hacienda_incus_instance`: a system container, one machine of the lab."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, ClassVar

from hacienda import errors
from hacienda.declare import resource_types
from hacienda.provider import progress
from hacienda.provider.framework.context import Context
from hacienda.provider.framework.resource import Resource
from hacienda.provider.framework.schema import STRINGS, Attribute
from hacienda.provider.framework.values import UNKNOWN, State, known
from hacienda.provider.machines import daemon
from hacienda.provider.provider_data import ProviderData
from hacienda.remote.incus import Incus

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_RUNNING = "Running"

_MADE = "user.hacienda.made-of"
"""Configuration key with the digests of the machine's first-boot inputs."""

FIRST_BOOT = ("image", "user_data", "network_config")
"""Inputs that only a machine's first boot reads. A change does not affect an existing machine, because a new image or
one more key must not replace every voter at once. `outdated` lists inputs that differ from those of the machine's
creation."""


class Instance(Resource):
    """A system container."""

    name: ClassVar[str] = resource_types.INSTANCE
    description: ClassVar[str] = "A system container: a machine of the lab."
    key: ClassVar[str] = "name"
    attributes: ClassVar[tuple[Attribute, ...]] = (
        *daemon.WHERE,
        Attribute("id", computed=True, description="The instance's UUID, which changes with the machine."),
        Attribute("name", required=True, replace=True, description="The machine's name."),
        Attribute(
            "image", required=True, description="Alias or fingerprint of the image. Read by the first boot only."
        ),
        Attribute(
            "user_data",
            optional=True,
            computed=True,
            description="cloud-init user-data. Read by the first boot only. Null: not known here, keep the former one.",
        ),
        Attribute(
            "network_config",
            optional=True,
            description="cloud-init network configuration. Read by the first boot only.",
        ),
        Attribute("networks", STRINGS, optional=True, description="Name of each network card -> its bridge."),
        Attribute(
            "pool", optional=True, description="Storage pool of the root disk. Default: that of profile `default`."
        ),
        Attribute("cpus", "number", optional=True, description="CPUs that it may use. Default: all."),
        Attribute("memory", "number", optional=True, description="Bytes of memory that it may use. Default: all."),
        Attribute(
            "size", "number", optional=True, description="Bytes of the root disk, in `pool`. Default: the pool's."
        ),
        Attribute("config", STRINGS, optional=True, description="Additional Incus settings of an instance."),
        Attribute(
            "devices", ["map", STRINGS], optional=True, description="Additional Incus devices, by name: disks, TUN."
        ),
        Attribute("status", computed=True, description="`Running`. An apply starts a stopped instance."),
        Attribute(
            "outdated",
            ["list", "string"],
            computed=True,
            description="First-boot inputs that differ from those of the machine's creation.",
        ),
    )

    def __init__(self, data: ProviderData) -> None:
        self._data = data

    def validate(self, context: Context, config: State) -> None:
        """Refuse names that no machine can have."""
        if isinstance(config["name"], str) and not _NAME.fullmatch(config["name"]):
            context.error(
                f"{config['name']!r} is not a machine name",
                "Use a letter, then letters, digits and dashes, at most 63 characters.",
            )
        if config["size"] is not None and config["pool"] is None:
            context.error(f"{self.label(config)}: a root disk of a size needs a pool", "Name its `pool`.")

    def stored(self, state: State) -> None:
        """Record its bridges, because one may be deleted."""
        self._data.departures.machine(str(state["id"]), (state["networks"] or {}).values())

    def plan(self, context: Context, prior: State | None, planned: State) -> None:
        """A machine runs after an apply. Its first-boot inputs stay as they were."""
        planned["status"] = _RUNNING
        if prior is None:
            planned["outdated"] = []
        elif not context.replace:
            made = context.private.get("made", {})
            inputs_known = all(known(planned[name]) for name in FIRST_BOOT)
            planned["outdated"] = _outdated(made, planned) if inputs_known else UNKNOWN

    def create(self, context: Context, planned: State) -> State:
        """Create and start it, or adopt this environment's instance if it has the same inputs."""
        incus, path = daemon.daemon(planned), _path(planned)
        if planned["user_data"] is UNKNOWN:
            raise errors.InputError(
                f"{planned['name']} is new, and its user-data is not known here: "
                "it holds the deployer's key from the store of secrets",
                "Apply from a machine that has the store.",
            )
        daemon.ensure_project(incus)
        found = incus.find(path)
        if found is None:
            progress.report(self.name, planned["name"], "creating")
            incus.change("POST", "/1.0/instances", self._body(planned))
        else:
            self._refuse_other(found, planned)
            self._reshape(incus, planned)
        return self._started(context, incus, planned)

    def read(self, context: Context, state: State) -> State | None:
        """Its state in Incus, limited to the attributes of this resource."""
        found = daemon.daemon(state).find(_path(state))
        if found is None or found["config"].get(daemon.MARK) != self._data.environment:
            return None
        config, devices = found["config"], found["devices"]
        context.private["made"] = json.loads(config.get(_MADE, "{}"))
        cards = {n: str(d["parent"]) for n, d in devices.items() if d["type"] == "nic" and "parent" in d}
        return {
            **state,
            "id": config["volatile.uuid"],
            "status": found["status"],
            "networks": cards if cards or state["networks"] else state["networks"],
            "cpus": _number(config.get("limits.cpu")),
            "memory": _number(config.get("limits.memory")),
            "size": _number(devices.get("root", {}).get("size")),
            "config": _subset(config, state["config"]),
            "devices": _subset(devices, state["devices"]),
            "outdated": _outdated(context.private["made"], state),
        }

    def update(self, context: Context, prior: State, planned: State) -> State:
        """Change settings and devices in place. Start it if it is not running."""
        incus = daemon.daemon(planned)
        self._reshape(incus, planned)
        return self._started(context, incus, planned)

    def delete(self, context: Context, state: State) -> None:
        """Stop it by force, and delete it."""
        incus, path = daemon.daemon(state), _path(state)
        found = incus.find(path)
        if found is None:
            return
        daemon.refuse_foreign(found, self._data.environment, f"instance {state['name']}")
        if found["status"] != "Stopped":
            incus.change("PUT", f"{path}/state", {"action": "stop", "force": True, "timeout": -1})
        incus.change("DELETE", path)

    def _refuse_other(self, found: dict[str, Any], planned: State) -> None:
        what = f"instance {planned['name']}"
        daemon.refuse_foreign(found, self._data.environment, what)
        made = json.loads(found["config"].get(_MADE, "{}"))
        # An input without a recorded digest is unknown.
        differing = [name for name in FIRST_BOOT if made.get(name) != _digest(planned[name])]
        if differing:
            fix = f"Remove it: incus delete --force --project {planned['project']} {planned['name']}"
            raise errors.InputError(f"{what} exists from an earlier run, with another {', '.join(differing)}", fix)

    def _body(self, planned: State) -> dict[str, Any]:
        image = planned["image"]
        kind = "fingerprint" if _FINGERPRINT.fullmatch(image) else "alias"
        first = {
            "cloud-init.user-data": planned["user_data"],
            "cloud-init.network-config": planned["network_config"],
            _MADE: json.dumps({name: _digest(planned[name]) for name in FIRST_BOOT}),
        }
        config = {**{k: v for k, v in first.items() if v is not None}, **self._config(planned)}
        source = {"type": "image", kind: image}
        return {"name": planned["name"], "source": source, "config": config, "devices": _devices(planned)}

    def _reshape(self, incus: Incus, planned: State) -> None:
        found = incus.get(_path(planned))
        daemon.refuse_foreign(found, self._data.environment, f"instance {planned['name']}")
        kept = ("volatile.", "image.", "cloud-init.")
        config = {k: v for k, v in found["config"].items() if k.startswith(kept) or k == _MADE}
        config.update(self._config(planned))
        devices = _devices(planned)
        if config != found["config"] or devices != found["devices"]:
            body = {
                "config": config,
                "devices": devices,
                "profiles": found["profiles"],
                "ephemeral": found["ephemeral"],
            }
            incus.change("PUT", _path(planned), {**body, "architecture": found["architecture"]})

    def _config(self, planned: State) -> dict[str, str]:
        limits = {"limits.cpu": planned["cpus"], "limits.memory": planned["memory"]}
        numbers = {key: str(int(value)) for key, value in limits.items() if value is not None}
        return {**numbers, **(planned["config"] or {}), daemon.MARK: self._data.environment}

    def _started(self, context: Context, incus: Incus, planned: State) -> State:
        path = _path(planned)
        if incus.get(path)["status"] != _RUNNING:
            incus.change("PUT", f"{path}/state", {"action": "start", "timeout": -1})
        found = incus.get(path)
        context.private["made"] = json.loads(found["config"].get(_MADE, "{}"))
        progress.report(self.name, planned["name"], "running")
        return {
            **planned,
            "id": found["config"]["volatile.uuid"],
            "outdated": _outdated(context.private["made"], planned),
        }


def _path(state: State) -> str:
    return f"/1.0/instances/{daemon.quoted(state['name'])}"


def _devices(planned: State) -> dict[str, dict[str, str]]:
    cards = {
        name: {"type": "nic", "nictype": "bridged", "name": name, "parent": bridge}
        for name, bridge in (planned["networks"] or {}).items()
    }
    root = {"type": "disk", "path": "/", "pool": planned["pool"]}
    if planned["size"] is not None:
        root["size"] = str(int(planned["size"]))
    return {**({"root": root} if planned["pool"] else {}), **cards, **(planned["devices"] or {})}


def _digest(value: str | None) -> str:
    return hashlib.sha256((value or "").encode()).hexdigest()[:16]


def _outdated(made: dict[str, str], planned: State) -> list[str]:
    return [name for name in FIRST_BOOT if name in made and made[name] != _digest(planned[name])]


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdigit() else None


def _subset(found: dict[str, Any], declared: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if declared is None else {key: found[key] for key in declared if key in found}
