"""What the constructs of one environment share: the cloud, its rendered nodes, and its secrets' digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hacienda import cloudinit, secrets
from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import NodeOutput
from hacienda.constructs.places import Places
from hacienda.platforms.base import FirstBoot
from hacienda.secrets.store import SSH_PUBLIC_KEY


@dataclass(frozen=True)
class Content:
    """One environment, rendered.

    Args:
        cloud: the environment.
        places: where things lie.
        outputs: node -> what goes to it.
        store: where the secrets are, as the provider takes it, whether or not they are here: it looks for itself.
        digests: node -> name of a secret -> keyed digest; None: the store is left alone, they stay as they are.
    """

    cloud: Cloud
    places: Places
    outputs: Mapping[str, NodeOutput]
    store: str
    digests: Mapping[str, Mapping[str, str]] | None

    def first_boot(self, node: Node) -> FirstBoot:
        """What cloud-init is given on the node's machine. The deployer's public key is in the store: without it the user-data is
        not known, and stays as it is."""
        output = self.outputs[node.name]
        return FirstBoot(None if self.digests is None else output.user_data, output.network_config)

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
        with_secrets: False: leave the store alone, as in a pull request: digests and user-data stay as they are.

    Raises:
        InputError: the store cannot be used, or a node's user-data is too large.
        ToolError: the store cannot be written.
    """
    key, digests = "", None
    spec = store_of(cloud, places)
    if with_secrets:
        store = secrets.open_store(spec)
        secrets.mint(store, cloudinit.needs(cloud, places.root))
        key = store.get(SSH_PUBLIC_KEY).decode().strip()
    outputs = {node.name: cloudinit.render(cloud, node, key) for node in cloud.nodes}
    if with_secrets:
        digests = {
            name: {secret: secrets.digest(store, secret, name) for secret in output.secret_names}
            for name, output in outputs.items()
        }
    location = secrets.StoreSpec(spec.kind, Path(places.from_stack(spec.path)))
    return Content(cloud, places, outputs, str(location), digests)
