"""Facts for scripts on a node: shell variables, in one file for the node and one for each service."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import DeclarationError, NodeFile, Placement, Service

ETC = "/etc/hacienda"

_FEW: frozenset[Placement] = frozenset({"controller", "arbiter", "monitoring"})
"""Roles with few machines, on which every service may know its members."""


def node_file(cloud: Cloud, node: Node) -> RenderedFile:
    """`node.env`: the node's identity, and how it reaches the coordination service."""
    facts = {
        "HACIENDA_ENVIRONMENT": cloud.name,
        "HACIENDA_NODE": node.name,
        "HACIENDA_ADDRESS": cloud.address(node),
        "HACIENDA_DOMAIN": cloud.domain,
        "HACIENDA_REGION": cloud.region,
        "HACIENDA_RELEASE": cloud.release,
        "HACIENDA_CONTAINER": cloud.platform.containers,
        "HACIENDA_NEIGHBOURS": _neighbours(cloud, node),
        **_coordination(cloud, node),
    }
    return RenderedFile(f"{ETC}/node.env", _lines(facts), checker="bash", service="hacienda")


def service_file(
    cloud: Cloud,
    node: Node,
    service: Service,
    computed: Iterable[NodeFile],
    secrets: Iterable[str],
    owners: Iterable[str],
) -> RenderedFile:
    """`services/<service>.env`: the service's life cycle, its members where they know one another, and its own facts.

    Args:
        computed: the service's node files, which its reconcile script reads.
        secrets: names of the secrets that its reconcile script applies.
        owners: services of this node that hand out its accounts.
    """
    knows = _FEW.issuperset(service.roles) or is_peer_group(service)
    facts = {
        "HACIENDA_SERVICE": service.name,
        "HACIENDA_UNITS": service.units,
        "HACIENDA_DATA": service.data,
        "HACIENDA_ROLLING": is_rolling(service),
        "HACIENDA_COORDINATION": "coordination" in service.provides,
        "HACIENDA_BOOTSTRAP": service.bootstrap.name if service.bootstrap else "",
        "HACIENDA_MIGRATE": service.migrate.name if service.migrate else "",
        "HACIENDA_PREPARE": service.prepare.name if service.prepare else "",
        "HACIENDA_JOIN": service.join.name if service.join else "",
        "HACIENDA_RECONCILE": service.reconcile.name if service.reconcile else "",
        "HACIENDA_AFTERWARDS": service.afterwards,
        "HACIENDA_VERIFY": service.verify.name,
        "HACIENDA_LEAVE": service.leave.name if service.leave else "",
        "HACIENDA_INPUTS": sorted(file.path for file in computed) if service.reconcile else (),
        "HACIENDA_INPUT_SECRETS": sorted(secrets),
        "HACIENDA_OWNERS": sorted(owners),
        "MEMBERS": _addresses(cloud, cloud.members(service.name)) if knows else (),
        "PEERS": _addresses(cloud, cloud.peers(service.name, node)) if knows else (),
    }
    own = {key.upper(): value for key, value in service.facts(cloud, node).items()}
    taken = facts.keys() & own.keys()
    if taken:
        raise DeclarationError(f"{service.name}: facts have names of Hacienda's own: {', '.join(sorted(taken))}")
    path = f"{ETC}/services/{service.name}.env"
    return RenderedFile(path, _lines({**facts, **own}), checker="bash", service=service.name)


def is_peer_group(service: Service) -> bool:
    """Whether members know one another: they vote, one of them founds or migrates for all, or they have a port for peers."""
    life = (service.bootstrap, service.migrate)
    return service.voters or any(life) or any(port.clients == "peers" for port in service.ports)


def is_rolling(service: Service) -> bool:
    """Whether nodes restart one at a time, under a lock in etcd: the members vote, or are behind a front end."""
    return service.voters or bool(service.frontends)


def _neighbours(cloud: Cloud, node: Node) -> tuple[str, ...]:
    """`node/network=address` of every voting machine, for each network that it shares with this node."""
    others = (other for other in cloud.voting if other.name != node.name)
    return tuple(
        f"{other.name}/{network.name}={other.addresses[network.name]}"
        for other in others
        for network in cloud.networks
        if network.name in other.addresses and network.name in node.addresses
    )


def _coordination(cloud: Cloud, node: Node) -> dict[str, Any]:
    """etcd's endpoints and the client's certificate; empty on nodes that do not run etcd, which have no such certificate."""
    provider = cloud.provider("coordination")
    if provider is None or provider.name not in node.services:
        return {"HACIENDA_ETCD_ENDPOINTS": "", "HACIENDA_ETCD_TLS": ""}
    port = provider.port("client").number
    endpoints = ",".join(f"https://{cloud.address(member)}:{port}" for member in cloud.members(provider.name))
    clients = [certificate for certificate in provider.certificates if certificate.usage == "client"]
    if not clients:
        raise DeclarationError(f"{provider.name}: provides coordination but has no certificate for clients")
    return {"HACIENDA_ETCD_ENDPOINTS": endpoints, "HACIENDA_ETCD_TLS": clients[0].directory}


def _addresses(cloud: Cloud, nodes: Iterable[Node]) -> tuple[str, ...]:
    return tuple(f"{node.name}={cloud.address(node)}" for node in nodes)


def _lines(facts: Mapping[str, Any]) -> str:
    return "".join(f"{key}={shlex.quote(_text(value))}\n" for key, value in facts.items())


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list | tuple):
        return " ".join(_text(part) for part in value)
    return str(value)
