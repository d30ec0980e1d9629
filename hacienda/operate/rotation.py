"""Ends rotations: once every node has and uses the new values, the nodes refuse the former ones.

Only the deployer can determine that: a node knows only its own values, and machines without etcd cannot publish theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from hacienda import secrets
from hacienda.cloud.model import Cloud
from hacienda.cloud.model import Node as Machine
from hacienda.cloudinit import secrecy
from hacienda.errors import HaciendaError, UnwellError
from hacienda.operate import reach
from hacienda.operate.deploy import Deployment
from hacienda.operate.observer import Observer
from hacienda.operate.project import Project
from hacienda.operate.status import AT_A_TIME
from hacienda.provider.member import secret_values
from hacienda.remote import connections
from hacienda.remote.node import Node
from hacienda.remote.transport import Transport


def unfinished(project: Project, cloud: Cloud) -> Mapping[str, str]:
    """Unfinished rotations; none if this machine cannot read the store."""
    store = project.store_of(cloud)
    return secrets.unfinished(store) if secret_values.here(str(store.spec)) else {}


def end(project: Project, cloud: Cloud, deployed: Deployment, reached: Mapping[str, str], observer: Observer) -> bool:
    """End rotations after an apply; returns whether a step needs another apply.

    Raises:
        UnwellError: a node does not have the new values yet.
    """
    if not reached:
        return False
    with observer.working("ending the rotation of secrets"):
        store = project.store_of(cloud)
        try:
            again = finish(cloud, store, reached, deployed.digests(), reach.transports(project, cloud))
        finally:
            connections.close_all()
    left = secrets.unfinished(store) if again else {}
    for name in reached:
        observer.say(f"{name}: {'its rotation continues' if name in left else 'rotated'}")
    return again


def finish(
    cloud: Cloud,
    store: secrets.Store,
    reached: Mapping[str, str],
    digests: Mapping[str, Mapping[str, str]],
    connect: Callable[[Machine], Transport],
) -> bool:
    """Refuse former values, and take the next step of the rotations.

    Args:
        cloud: the cloud, applied.
        store: its secrets.
        reached: the rotations that were unfinished when the apply began (`secrets.unfinished`).
        digests: node -> name of a secret -> keyed digest, as it was applied.
        connect: connects to a machine.

    Returns:
        Whether a step needs another apply.

    Raises:
        UnwellError: a node does not have the new values yet, or does not use them; the former ones stay accepted.
    """
    with ThreadPoolExecutor(min(AT_A_TIME, max(1, len(cloud.nodes)))) as pool:
        behind = list(pool.map(lambda machine: _behind(machine, digests.get(machine.name), connect), cloud.nodes))
    if any(behind):
        raise UnwellError("Former secrets stay accepted", "\n".join(text for text in behind if text) + "\nApply again.")
    for service in cloud.services:
        if secrecy.reconciled(cloud, service):
            # On all of its members: the first one does it, and the others find it done.
            for machine in cloud.servers(service.name):
                Node(connect(machine)).retire(service.name)
    return secrets.finish(store, reached)


def _behind(machine: Machine, digests: Mapping[str, str] | None, connect: Callable[[Machine], Transport]) -> str:
    """Why a node may still use a former value; empty: it does not."""
    if digests is None:
        return f"{machine.name}: its declared secrets are not known"
    try:
        status = Node(connect(machine)).status()
    except HaciendaError as error:
        return f"{machine.name}: {error.message}"
    if status is None:
        return f"{machine.name}: nothing is installed"
    lacks = [name for name, digest in sorted(digests.items()) if status.secrets.get(name) != digest]
    if lacks:
        return f"{machine.name}: does not have {', '.join(lacks)}"
    if not status.converged or status.pending:
        busy = ", ".join(status.pending) or status.error or ", ".join(status.failed)
        return f"{machine.name}: not converged: {busy}"
    return ""
