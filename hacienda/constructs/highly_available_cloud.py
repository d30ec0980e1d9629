"""`HighlyAvailableCloud`: a whole environment in one stack of any CDK app."""

from __future__ import annotations

from pathlib import Path

from hacienda import cdk, services
from hacienda.cloud import read
from hacienda.constructs.assembly import assemble
from hacienda.constructs.files import synthesize
from hacienda.constructs.network import ResolvedNetwork
from hacienda.constructs.output import render
from hacienda.constructs.places import places_of
from hacienda.platforms import platform_of


class HighlyAvailableCloud(cdk.Construct):
    """The cloud of an environment file: networks, machines, members and gates.

    `app.synth()` creates missing secrets and writes stacks, bundles and the provider's launcher.

    Args:
        scope: a stack, or a construct in one. One stack holds one cloud.
        id: construct id; no Terraform address contains it.
        environment: path of the environment file.
        root: the project's folder, which contains `.hacienda/<environment>/`. Default: the working folder.
        with_secrets: create missing secrets, and pass the secrets' digests to Terraform. Default: True.

    Raises:
        InputError: all errors of the file.
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
        self.output = output = render(self.cloud, places)
        self.platform = platform_of(self.cloud.platform, places.from_stack)
        self.networks = tuple(
            ResolvedNetwork(self, one.name, network=one, platform=self.platform, places=places)
            for one in self.cloud.networks
        )
        addresses = [address for network in self.networks for address in network.addresses]
        self.groups, self.gates = assemble(self, output, self.platform, addresses)
        stack = cdk.stack_of(self).node.id
        cdk.before_synthesis(self, lambda: synthesize(output, stack, with_secrets=with_secrets))
