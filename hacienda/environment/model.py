"""The environment: the operator's file, parsed once and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from hacienda.declare import Service, ServiceOptions
from hacienda.declare.trust import PLAIN, Trust
from hacienda.environment.accept import Accept
from hacienda.environment.api import Api
from hacienda.environment.firewall import FirewallRule
from hacienda.environment.machines import DomainKind, Machines
from hacienda.environment.network import NetworkSpec
from hacienda.environment.packages import Packages
from hacienda.environment.platform import Incus, Platform
from hacienda.environment.settings import Availability, Dns, Secrets, Ssh, State, Time, Tls
from hacienda.environment.source import Source
from hacienda.environment.spec import Spec
from hacienda.environment.values import AsList, DomainName, Name, Region, Word, refuse


def _release(value: Any) -> Any:
    """YAML reads `release: 2025.1` without quotes as a number. Both forms mean the same."""
    return str(value) if isinstance(value, float) else value


def _high_availability(value: Any) -> Any:
    if value == "active-passive":
        raise refuse("comes later", "Use `active-active`. It needs only two controllers and an arbiter.")
    return value


class Environment(Spec):
    """One environment file."""

    name: Annotated[Name, Trust("which store of secrets, state and Incus project are used")]
    """Name of the environment. Stacks, projects and the default domain have it in their names."""
    domain: Annotated[DomainName | None, Trust("which names certificates are signed for")] = None
    """DNS domain of the machines. Default: `<name>.internal`."""
    region: Annotated[Region, PLAIN] = "RegionOne"
    """Region of the Keystone catalogue."""
    release: Annotated[Literal["2025.1"], BeforeValidator(_release), PLAIN] = "2025.1"
    """OpenStack release."""
    operating_system: Annotated[Literal["debian-13"], PLAIN] = "debian-13"
    """Operating system of the machines."""
    platform: Platform = Incus()
    """Where the machines are: `incus` or `existing`, or a mapping with `type` and the platform's options."""
    networks: Annotated[Mapping[Name, NetworkSpec], Field(min_length=1)]
    """Networks by name. One of them has the purpose `management`."""
    machines: Machines
    """Machine groups by role."""
    domains: Annotated[Mapping[DomainKind, Annotated[tuple[Word, ...], AsList, Field(min_length=1)]], PLAIN] = Field(
        default_factory=dict
    )
    """Failure domains by kind, like `{rack: [a, b, c]}`. Groups with `spread` use them."""
    firewall_rules: Annotated[
        tuple[FirewallRule, ...],
        AsList,
        Field(max_length=100),
        Trust("who may connect to the machines, and to which ports"),
    ] = ()
    """Packets that the machines' firewall accepts in addition to those of Hacienda's services."""
    services: Annotated[Mapping[str, Any], PLAIN] = Field(default_factory=dict)
    """Options of services, by service; everything has a default. `true` and `false` choose a service that is not part of every
    cloud."""
    availability: Availability = Availability()
    """Availability target."""
    high_availability: Annotated[Literal["active-active"], BeforeValidator(_high_availability), PLAIN] = "active-active"
    """`active-active`: every controller serves requests."""
    api: Api = Api()
    """Host names and certificate of the APIs."""
    tls: Tls = Tls()
    """Certificates."""
    secrets: Secrets = Secrets()
    """Where secrets are kept."""
    state: State = State()
    """Where Terraform's state is kept."""
    time: Time = Time()
    """Time servers."""
    dns: Dns = Dns()
    """Name servers."""
    packages: Packages = Packages()
    """Where Debian packages come from."""
    ssh: Ssh = Ssh()
    """How the machines are reached."""
    accept: Annotated[tuple[Accept, ...], AsList, Field(max_length=100), PLAIN] = ()
    """Findings of `hacienda check` that are deliberate here, each with a reason and an end date."""

    _source: Source = PrivateAttr(default_factory=lambda: Source("", {}))
    _options: Mapping[str, ServiceOptions] = PrivateAttr(default_factory=dict)

    @property
    def source(self) -> Source:
        """Position of every value in its file."""
        return self._source

    @property
    def options(self) -> Mapping[str, ServiceOptions]:
        """Validated options of every service of the registry that the file was read with, defaults filled in."""
        return self._options

    def has(self, service: Service) -> bool:
        """Whether the file has a service, or says nothing and the service is there by default."""
        written = self.services.get(service.name)
        if service.choice == "always" or written is None:
            return service.choice != "on request"
        return written is not False
