"""`HighlyAvailableCloud`: a whole environment in one stack of anybody's app."""

from __future__ import annotations

from pathlib import Path

from hacienda import cdk, services
from hacienda.cloud import read
from hacienda.constructs.assembly import assemble
from hacienda.constructs.content import prepare
from hacienda.constructs.files import write_launcher, write_nodes
from hacienda.constructs.network import network_of
from hacienda.constructs.places import places_of
from hacienda.platforms import platform_of


class HighlyAvailableCloud(cdk.Construct):
    """The cloud of an environment file: networks, machines, members and gates. The nodes' bundles and the provider's launcher are
    written to the app's output folder at once; `app.synth()` writes the rest.

    Args:
        scope: a stack, or a construct in one. One stack holds one cloud.
        id: construct id; it is no part of any Terraform address.
        environment: path of the environment file.
        root: the project's folder, with `.hacienda/<environment>/` in it. Default: the working folder.
        with_secrets: mint secrets that are missing, and tell Terraform their digests. Default: True.

    Raises:
        InputError: everything wrong with the file.
    """

    def __init__(
        self,
        scope: cdk.Construct,
        id: str,
        *,
        environment: str | Path,
        root: str | Path | None = None,
        with_secrets: bool = True,
    ) -> None:
        super().__init__(scope, id)
        self.cloud = read(Path(environment), services.registry())
        places = places_of(self, self.cloud.name, Path(root) if root else None)
        self.content = prepare(self.cloud, places, with_secrets=with_secrets)
        self.platform = platform_of(self.cloud.platform, places.from_stack)
        self.networks = tuple(network_of(self, n, self.platform, places) for n in self.cloud.networks)
        addresses = [address for network in self.networks for address in network.addresses]
        self.groups, self.gates = assemble(self, self.content, self.platform, addresses)
        write_nodes(self.content, places.out)
        write_launcher(cdk.stack_of(self).node.id, places.out)
