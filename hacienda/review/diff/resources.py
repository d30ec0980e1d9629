"""What an environment declares beside files: machines, networks, connections to nodes, places of secrets and state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hacienda import platforms
from hacienda.cloud.model import Cloud, Node
from hacienda.declare.resource import Declaration
from hacienda.declare.resource_types import MEMBER
from hacienda.platforms.base import FirstBoot, MachineHandle
from hacienda.platforms.member import reach
from hacienda.review.diff.model import ResourceChange

Resources = Mapping[str, Mapping[str, Any]]
"""Address -> attribute -> value. Terraform's resources have their addresses; `secrets` and `state` are the environment's own."""

_REFERENCE = re.compile(r"\$\{([a-z0-9_]+\.[A-Za-z0-9_-]+)\.[a-z_]+\}")
"""A reference to an attribute of another resource."""


def resources(cloud: Cloud) -> Resources:
    """Everything that a cloud declares, except its nodes' files, first boots and voters."""
    platform = platforms.platform_of(cloud.platform, str)
    found: dict[str, dict[str, Any]] = {}
    for declaration in (*platform.foundation(), *(one for net in cloud.networks for one in platform.network(net))):
        found[declaration.terraform_address] = _attributes(declaration)
    for node in cloud.nodes:
        handle = platform.machine(node, cloud.attached(node), FirstBoot(None, ""))
        for declaration in handle.declarations:
            found[declaration.terraform_address] = _attributes(declaration)
        found[f"{MEMBER}.{node.name}"] = {**reach(cloud, node, handle, platform.trust), **_bare(node, handle)}
    found["secrets"] = {
        "backend": cloud.secrets.backend,
        "path": cloud.secrets.path,
        "recipients": list(cloud.secrets.recipients),
    }
    found["state"] = {"backend": cloud.state.backend, **cloud.state.options}
    return {address: _plain(attributes) for address, attributes in found.items()}


def _attributes(declaration: Declaration) -> dict[str, Any]:
    kept = declaration.attributes()
    return {name: value for name, value in kept.items() if name not in ("user_data", "network_config")}


def _bare(node: Node, handle: MachineHandle) -> dict[str, Any]:
    """Declared hardware of an existing machine. Hacienda cannot create it, but reviewers should see changes."""
    if handle.declarations:
        return {}
    bmc = f"{node.bmc.type} {node.bmc.address}" if node.bmc else None
    return {"cpus": node.cpus, "memory": node.memory, "disks": dict(node.disks), "bmc": bmc}


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes as JSON returns them, without unset ones."""
    found: dict[str, Any] = json.loads(json.dumps(attributes))
    return {name: value for name, value in found.items() if value not in (None, {}, [])}


def changes(before: Resources, after: Resources) -> Iterator[ResourceChange]:
    """Resources that differ. The provider's own resource definitions say which of them Terraform must replace.

    Args:
        before, after: resources of the two renderings.
    """
    replaced: set[str] = set()
    for address in _order(after):
        old, new = before.get(address), after[address]
        differing = _differing(old, new) if old is not None else {}
        forced = [name for name in _forcing(address) if name in differing or _reference(new.get(name)) in replaced]
        if old is not None and forced:
            replaced.add(address)
        if old is None:
            yield ResourceChange(address, "added", {}, ())
        elif differing or forced:
            follows = tuple(name for name in forced if name not in differing)
            yield ResourceChange(address, "replaced" if forced else "changed", differing, follows)
    yield from (ResourceChange(address, "removed", {}, ()) for address in before if address not in after)


def _order(found: Resources) -> list[str]:
    """Addresses, with the resources to which others refer first."""
    return sorted(found, key=lambda address: any(_reference(value) in found for value in found[address].values()))


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    names = sorted(old.keys() | new.keys())
    return {name: (_words(old.get(name)), _words(new.get(name))) for name in names if old.get(name) != new.get(name)}


def _words(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _reference(value: Any) -> str:
    """Address to which a value refers; empty: none."""
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else ""


@cache
def _forced() -> Mapping[str, tuple[str, ...]]:
    """Type of a resource -> attributes whose change replaces the resource, from the provider's definitions."""
    from hacienda.provider import composition

    described = composition.provider().described()["resources"]
    return {
        kind: tuple(name for name, flags in attributes.items() if flags["replace"])
        for kind, attributes in described.items()
    }


def _forcing(address: str) -> tuple[str, ...]:
    """Attributes whose change replaces a resource; empty for other providers' resources, and for `secrets` and `state`."""
    return _forced().get(address.partition(".")[0], ())
