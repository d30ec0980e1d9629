"""What the constructs of one environment share: the cloud, its rendered nodes, and its secrets' digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hacienda import cloudinit, secrets
from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import NodeOutput, userdata
from hacienda.constructs.places import Places
from hacienda.platforms.base import FirstBoot
from hacienda.secrets.store import SSH_PUBLIC_KEY


@dataclass
class EnvironmentOutput:
    """One environment, rendered. Constructs read it when they are synthesized, so secrets can be minted until then.

    Args:
        cloud: the environment.
        places: where things lie.
        nodes: node -> its output.
        digests: node -> name of a secret -> keyed digest; None: the store is left alone, digests stay as Terraform knows them.
    """

    cloud: Cloud
    places: Places
    nodes: Mapping[str, NodeOutput]
    digests: Mapping[str, Mapping[str, str]] | None = None

    @property
    def store(self) -> str:
        """Where the secrets are, as the provider takes it, whether or not they are here: it looks for itself."""
        spec = cloudinit.store_spec(self.cloud, self.places.root)
        return str(secrets.StoreSpec(spec.kind, Path(self.places.from_stack(spec.path))))

    def first_boot(self, node: Node) -> FirstBoot:
        """What cloud-init is given on the node's machine. The deployer's public key is in the store: without it the user-data is
        not known, and stays as it is."""
        output = self.nodes[node.name]
        return FirstBoot(None if self.digests is None else output.user_data, output.network_config)

    def bundle(self, node: Node) -> str:
        """Path of a node's bundle as a stack's folder sees it."""
        return self.places.from_stack(self.places.nodes / node.name / "bundle.tar.gz")

    def mint(self) -> None:
        """Create missing secrets, and take the deployer's key and the digests from the store. Belongs to synthesis.

        Raises:
            InputError: the store cannot be used, or a node's user-data is too large.
            ToolError: the store cannot be written.
        """
        store = secrets.open_store(cloudinit.store_spec(self.cloud, self.places.root))
        secrets.mint(store, cloudinit.needs(self.cloud, self.places.root))
        key = store.get(SSH_PUBLIC_KEY).decode().strip()
        self.nodes = {
            name: replace(output, user_data=userdata.user_data(self.cloud, self.cloud.node(name), key))
            for name, output in self.nodes.items()
        }
        self.digests = {
            name: {secret: secrets.digest(store, secret, name) for secret in output.secret_names}
            for name, output in self.nodes.items()
        }


def render(cloud: Cloud, places: Places) -> EnvironmentOutput:
    """Render every node, without the store. A pure function.

    Args:
        cloud: the environment.
        places: where things lie.

    Raises:
        InputError: a node's user-data is too large.
    """
    return EnvironmentOutput(cloud, places, {node.name: cloudinit.render(cloud, node, "") for node in cloud.nodes})
