"""Data that the constructs of one environment share: the cloud, its rendered nodes, and its secrets' digests."""

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
    """One rendered environment. Constructs read it at synthesis, so secrets can be created until then.

    Args:
        cloud: the environment.
        places: folders of the environment.
        nodes: node -> its output.
        digests: node -> name of a secret -> keyed digest. None: the store is not used, and Terraform keeps the digests it has.
    """

    cloud: Cloud
    places: Places
    nodes: Mapping[str, NodeOutput]
    digests: Mapping[str, Mapping[str, str]] | None = None

    @property
    def store(self) -> str:
        """Where the secrets are, in the provider's syntax. The store need not exist here, because the provider opens it itself."""
        spec = cloudinit.store_spec(self.cloud, self.places.root)
        return str(secrets.StoreSpec(spec.kind, Path(self.places.from_stack(spec.path))))

    def first_boot(self, node: Node) -> FirstBoot:
        """The input of cloud-init on the node's machine.

        The deployer's public key is in the store. Without the store the user-data is not known, and the machine's stays as it is.
        """
        output = self.nodes[node.name]
        return FirstBoot(None if self.digests is None else output.user_data, output.network_config)

    def bundle(self, node: Node) -> str:
        """Path of a node's bundle, relative to a stack's folder."""
        return self.places.from_stack(self.places.nodes / node.name / "bundle.tar.gz")

    def mint(self) -> None:
        """Creates missing secrets, and reads the deployer's key and the digests from the store. Synthesis calls it.

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
    """Renders every node without the store. It is a pure function.

    Args:
        cloud: the environment.
        places: folders of the environment.

    Raises:
        InputError: a node's user-data is too large.
    """
    return EnvironmentOutput(cloud, places, {node.name: cloudinit.render(cloud, node, "") for node in cloud.nodes})
