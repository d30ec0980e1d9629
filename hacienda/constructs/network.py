"""`Network`: one network of an environment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from hacienda import cdk
from hacienda.cloud import model
from hacienda.cloud.networks import network as resolved
from hacienda.cloud.problem_list import ProblemList
from hacienda.constructs.places import Places, places_of
from hacienda.constructs.provider import ensure_provider
from hacienda.environment.network import NetworkSpec, Purpose
from hacienda.environment.problems import problems
from hacienda.environment.source import Source
from hacienda.errors import InputError
from hacienda.platforms.base import Platform


class ResolvedNetwork(cdk.Construct):
    """A network of a resolved cloud. It has a resource if the platform makes networks.

    Args:
        scope: parent construct; its stack gets the provider block.
        id: construct id. The Terraform resource has the network's name.
        network: the network.
        platform: the platform.
        places: folders of the environment.
    """

    def __init__(
        self, scope: cdk.Construct, id: str, *, network: model.Network, platform: Platform, places: Places
    ) -> None:
        super().__init__(scope, id)
        ensure_provider(self, places)
        self.platform = platform
        self.network = network
        declarations = platform.network(network)
        self.addresses = tuple(declaration.terraform_address for declaration in declarations)
        for declaration in declarations:
            cdk.Resource(self, declaration.terraform_type, declaration=declaration)


class Network(ResolvedNetwork):
    """A network for a `Cluster`.

    Args:
        scope: parent construct; its stack gets the provider block.
        id: the network's name, which is also the Terraform resource's.
        platform: the platform.
        cidr: address block, for example `10.77.0.0/24`.
        gateway: router to other networks; `none` for none. Default: the first address of the network.
        purposes: what it carries: `management`, `public`, `storage`, `tenant`, `external`, or only `other`. Default: management.
        mtu: largest packet in bytes. Default: 1500.
        vlan: VLAN tag. Default: untagged.
        places: folders of the environment. Default: the environment has the stack's id, and the project is the working folder.

    Raises:
        InputError: the arguments describe no valid network.
    """

    def __init__(
        self,
        scope: cdk.Construct,
        id: str,
        *,
        platform: Platform,
        cidr: str,
        gateway: str | None = None,
        purposes: Iterable[Purpose] = ("management",),
        mtu: int = 1500,
        vlan: int | None = None,
        places: Places | None = None,
    ) -> None:
        given = {"cidr": cidr, "gateway": gateway, "purpose": list(purposes), "mtu": mtu, "vlan": vlan}
        self.declared = _declared(id, {key: value for key, value in given.items() if value is not None})
        found = ProblemList(Source("", {}))
        network = resolved(id, self.declared, found)
        if found:
            raise InputError(found.found)
        super().__init__(scope, id, network=network, platform=platform, places=places or places_of(scope))


def _declared(name: str, given: dict[str, Any]) -> NetworkSpec:
    """The network as an environment file would declare it."""
    try:
        spec = NetworkSpec.model_validate(given)
    except ValidationError as error:
        raise InputError(problems(error, NetworkSpec, given, Source("", {}), ("networks", name))) from error
    return spec if spec.gateway is not None else spec.model_copy(update={"gateway": spec.cidr[1]})
