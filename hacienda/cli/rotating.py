"""What apply and lab do about rotations of secrets that are under way."""

from __future__ import annotations

from collections.abc import Mapping

from hacienda import secrets
from hacienda.cli import console, project, status
from hacienda.cloud import Cloud
from hacienda.declare.resource_types import MEMBER
from hacienda.operate import rotation
from hacienda.operate.deploy import Deployment
from hacienda.provider.member import secret_values
from hacienda.remote import connections


def unfinished(cloud: Cloud) -> Mapping[str, str]:
    """Rotations that are under way; none where the store cannot be read from this machine."""
    store = project.store_of(cloud)
    return secrets.unfinished(store) if secret_values.here(str(store.spec)) else {}


def finish(cloud: Cloud, deployed: Deployment, reached: Mapping[str, str]) -> bool:
    """Bring rotations to their end, now that the cloud is applied; whether there is a step that takes another apply.

    Raises:
        UnwellError: a node does not have the new values yet.
    """
    if not reached:
        return False
    with console.working("ending the rotation of secrets"):
        try:
            store = project.store_of(cloud)
            again = rotation.finish(cloud, store, reached, _digests(deployed), status.reach(cloud))
        finally:
            connections.close_all()
    for name in reached:
        console.say(f"{name}: {'its rotation goes on' if again and name in secrets.unfinished(store) else 'rotated'}")
    return again


def _digests(deployed: Deployment) -> dict[str, Mapping[str, str]]:
    """Node -> name of a secret -> keyed digest, as synthesized."""
    found: dict[str, Mapping[str, str]] = {}
    for stack in deployed.stacks:
        for attributes in deployed.resources(stack).get(MEMBER, {}).values():
            digests = attributes["secrets"]
            if isinstance(digests, dict):
                found[str(attributes["node"])] = digests
    return found
