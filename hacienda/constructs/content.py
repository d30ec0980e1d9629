"""What the constructs of one environment share: the cloud, its rendered nodes, and its secrets' digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hacienda import cloudinit, secrets
from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import NodeOutput
from hacienda.constructs.places import Places
from hacienda.secrets.store import SSH_PUBLIC_KEY


@dataclass(frozen=True)
class Content:
    """One environment, rendered.

    Args:
        cloud: the environment.
        places: where things lie.
        outputs: node -> what goes to it.
        store: where the secrets are, as the provider takes it; empty: they are not here.
        digests: node -> name of a secret -> keyed digest; None: the store is not here, they stay as they are.
    """

    cloud: Cloud
    places: Places
    outputs: Mapping[str, NodeOutput]
    store: str
    digests: Mapping[str, Mapping[str, str]] | None

    def bundle(self, node: Node) -> str:
        """Path of a node's bundle as a stack's folder sees it."""
        return self.places.from_stack(self.places.nodes / node.name / "bundle.tar.gz")


def store_of(cloud: Cloud, places: Places) -> secrets.StoreSpec:
    """Where an environment keeps its secrets."""
    declared = cloud.secrets
    return secrets.StoreSpec.of(places.root, cloud.name, declared.backend, declared.path, declared.recipients)


def prepare(cloud: Cloud, places: Places, *, with_secrets: bool = True) -> Content:
    """Mint what the store lacks, and render every node.

    Args:
        cloud: the environment.
        places: where things lie.
        with_secrets: False: leave the store alone, as in a pull request: digests stay as they are.

    Raises:
        InputError: the store cannot be used, or a node's user-data is too large.
        ToolError: the store cannot be written.
    """
    key, digests, location = "", None, ""
    spec = store_of(cloud, places)
    if with_secrets:
        store = secrets.open_store(spec)
        secrets.mint(store, cloudinit.needs(cloud))
        key = store.get(SSH_PUBLIC_KEY).decode().strip()
        location = str(secrets.StoreSpec(spec.kind, Path(places.from_stack(spec.path))))
    outputs = {node.name: cloudinit.render(cloud, node, key) for node in cloud.nodes}
    if with_secrets:
        digests = {
            name: {secret: secrets.digest(store, secret, name) for secret in output.secret_names}
            for name, output in outputs.items()
        }
    return Content(cloud, places, outputs, location, digests)
