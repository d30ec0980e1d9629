"""`Cluster`: a few services, and what they require, on separate machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hacienda import cdk, environment
from hacienda import services as catalogue
from hacienda.cloud import resolve
from hacienda.constructs.assembly import assemble
from hacienda.constructs.closure import closure
from hacienda.constructs.files import synthesize
from hacienda.constructs.network import Network
from hacienda.constructs.output import render
from hacienda.constructs.places import places_of
from hacienda.constructs.virtual_ip import VirtualIp
from hacienda.environment.network import NetworkSpec
from hacienda.errors import InputError, Problem


class Cluster(cdk.Construct):
    """Highly available services with everything that they require.

    It makes machines `ctl-1` to `ctl-<machines>`, their members, and a gate that waits until all are healthy. `app.synth()` creates
    missing secrets and writes stacks, bundles and the provider's launcher.

    Args:
        scope: a stack, or a construct in one. One stack holds one cluster.
        id: construct id; no Terraform address contains it.
        services: names of the wanted services (docs/services/).
        networks: the machines' networks; one of them has the purpose `management`.
        virtual_ips: at most one on each network. Default: none.
        machines: number of machines. Default: 3.
        options: service -> its options, as in an environment file. Default: none.
        settings: other settings, as in an environment file (`domain`, `time`, `ssh`, `secrets`, ...). Default: none.
        root: the project's folder, which contains `.hacienda/<stack>/`. Default: the working folder.

    Raises:
        InputError: all errors of the arguments.
    """

    def __init__(
        self,
        scope: cdk.Construct,
        id: str,
        *,
        services: Iterable[str],
        networks: Iterable[Network],
        virtual_ips: Iterable[VirtualIp] = (),
        machines: int = 3,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        settings: Mapping[str, Any] | None = None,
        root: str | Path | None = None,
    ) -> None:
        super().__init__(scope, id)
        places = places_of(self, root=Path(root) if root else None)
        on, vips = list(networks), list(virtual_ips)
        if not on:
            raise InputError([Problem("networks", "is empty", "Give the cluster a network for management.")])
        self.platform = on[0].platform
        registry = closure(catalogue.registry(), services, ("virtual ip",) if vips else ())
        parts: dict[str, Any] = {
            "name": places.environment,
            "platform": self.platform.settings(),
            "networks": {network.network.name: _with_virtual_ip(network, vips) for network in on},
            "machines": {"controller": machines},
            "services": {name: dict(given) for name, given in (options or {}).items()},
        }
        self.cloud = resolve(environment.build(registry, **{**parts, **(settings or {})}), registry)
        self.output = output = render(self.cloud, places)
        addresses = [address for network in on for address in network.addresses]
        self.groups, self.gates = assemble(self, output, self.platform, addresses)
        stack = cdk.stack_of(self).node.id
        cdk.before_synthesis(self, lambda: synthesize(output, stack, with_secrets=True))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the machines, in order."""
        return tuple(node.name for node in self.cloud.nodes)

    def endpoint(self, service: str, port: str) -> tuple[str, int]:
        """Address and port number at which clients reach a service. The address is the virtual IP's for a balanced port, else the
        first machine's.

        Args:
            service: the service's name.
            port: name of one of its ports (docs/services/).

        Raises:
            KeyError: no such service or port exists.
        """
        host, number = self.cloud.endpoint(service, port)
        names = {
            name: vip.address for vip in self.cloud.virtual_ips for name in (*vip.hostnames, *self.cloud.own_names(vip))
        }
        names |= {self.cloud.fqdn(node): self.cloud.address(node) for node in self.cloud.nodes}
        return str(names[host]), number


def _with_virtual_ip(network: Network, virtual_ips: Iterable[VirtualIp]) -> NetworkSpec:
    """The declared network, with its virtual IP."""
    addresses = [one.address for one in virtual_ips if one.network is network]
    return network.declared.model_copy(update={"vip": addresses[-1]}) if addresses else network.declared
