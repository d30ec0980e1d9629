"""What one system declares; everything else (haproxy.cfg, nftables, grants, catalogue, units, docs) is derived from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from hacienda.declare.account import Account, AccountKind
from hacienda.declare.assumption import Assumption
from hacienda.declare.files import Certificate, NodeFile, Script, SecretDirectory, SecretFile, Template, TrustAnchor
from hacienda.declare.limit import Limit, Resource
from hacienda.declare.network import Frontend, Port, Scope
from hacienda.declare.overrides import Overrides
from hacienda.declare.redundancy import Redundancy
from hacienda.declare.sandbox import Sandbox
from hacienda.declare.secret import Secret
from hacienda.declare.timer import NoTimer, Timer
from hacienda.declare.vocabulary import Capability, Choice, Placement, Role


class ServiceOptions(BaseModel):
    """Base of a service's options in the environment file: frozen, unknown keys refused, every field with a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True)
class CatalogueEntry:
    """An entry of the Keystone catalogue, one endpoint per scope of the front end of `port`.

    Args:
        type: service type, e.g. `identity`.
        name: service name, e.g. `keystone`.
        port: name of a Port of this service that has a Frontend.
        path: appended to scheme, host and port, e.g. `/v3`.
    """

    type: str
    name: str
    port: str
    path: str = ""
    scopes: tuple[Scope, ...] = ("internal", "public")


def _nothing(cloud: Any, node: Any) -> Mapping[str, Any]:
    return {}


def _majority(cloud: Any) -> str:
    return ""


def _no_files(cloud: Any, node: Any) -> tuple[NodeFile, ...]:
    return ()


@dataclass(frozen=True)
class Arbiter:
    """What a service puts on arbiter machines in place of its own: a program that votes, holds no data and serves no client.

    Everything that is not named here has no counterpart there. See Service for what each means.

    Args:
        ports: names of those of the service's ports that it listens on, too.
    """

    verify: Script
    packages: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    files: tuple[Template | SecretFile | SecretDirectory | Certificate | TrustAnchor, ...] = ()
    variables: Callable[[Any, Any], Mapping[str, Any]] = _nothing
    facts: Callable[[Any, Any], Mapping[str, Any]] = _nothing
    join: Script | None = None
    leave: Script | None = None
    scripts: tuple[Script, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """One system, as its own page in a handbook.

    Args:
        name: its name, that of its module, template folder, test file and docs page.
        title: one line for people.
        roles: the machine roles that it runs on; `every` for all machines.
        requires: capabilities it cannot run without (`database`, `coordination`, `load balancer`); orders the units, too.
        provides: capabilities it offers.
        after: names of services that start before it for other reasons, where they run on the same node.
        voters: a majority of its members must live: the quorum guard counts them in the group of the service's name, and
            restarts are rolling.
        arbiter: what votes in its place on arbiter machines, where it does not run itself.
        redundancy: what it keeps beside what its voters agree on, and how often.
        packages: Debian packages.
        data: folders that its daemons write to; a full or read-only disk below them stops the service.
        units: systemd units of its daemons; they are kept disabled, the service's oneshot starts them.
        files: templates, secret files and certificates.
        node_files: computed files, given the cloud and the node.
        variables: values for the templates, given the cloud and the node.
        facts: KEY=value lines for the scripts, given the cloud and the node (members and peers are always there).
        options: the model of its options in the environment file.
        overrides: how options of its program that Hacienda does not set are taken from the environment file's `overrides`, which
            `options` then has; None: they are not.
        accounts: what it has at other services.
        hands_out: kinds of accounts that other services have here; its reconcile script makes them.
        bootstrap: run once per environment by the node that wins the claim; prints the new cluster's id as its last line.
        join: run on every other start of the service: brings this node into what exists, whatever its local state.
            Without it the units are started.
        migrate: run once per release, by the node that wins the claim, before the release's code starts anywhere: brings schemas to
            what that code needs. Called with `--online` once every member runs that code, for what has to wait for it.
        reconcile: applied under a lock on one node after verify, whenever one of its inputs changed.
        choice: whether an environment may have it or not: `always` part of every cloud, `unless declined` (`<service>: false`),
            or only `on request` (`<service>: true`, or options).
        verify: exit 0 and one line when this node's part is healthy; otherwise 1, and `what is wrong|what to do`.
        serves_without: those of `requires` whose loss no client of the service feels: it needs them to start, or is slower.
        timers: times in its files on which the length of a failure depends, and those that it has not, with the reason.
        limits: what it may take of a machine, and how many clients it accepts.
        ignores_quorum: the setting, as its file has it, by which a minority of members goes on, given the cloud; empty: none does.
        leave: takes the member named by its argument out of the cluster, run on a surviving node.
        assumptions: what it relies on in its packages. Whatever a file or script names and the project does not make is
            declared here.
        sandboxes: what bounds the processes of each unit that it brings, arbiters' too.
        held: packages that no unattended upgrade touches, as regular expressions of their whole names: their daemons vote, and
            must not restart on all machines in the same night.
    """

    name: str
    title: str
    roles: tuple[Placement, ...]
    verify: Script
    choice: Choice = "always"
    requires: tuple[Capability, ...] = ()
    provides: tuple[Capability, ...] = ()
    serves_without: tuple[Capability, ...] = ()
    after: tuple[str, ...] = ()
    voters: bool = False
    arbiter: Arbiter | None = None
    redundancy: tuple[Redundancy, ...] = ()
    packages: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    frontends: tuple[Frontend, ...] = ()
    files: tuple[Template | SecretFile | SecretDirectory | Certificate | TrustAnchor, ...] = ()
    node_files: Callable[[Any, Any], tuple[NodeFile, ...]] = _no_files
    variables: Callable[[Any, Any], Mapping[str, Any]] = _nothing
    facts: Callable[[Any, Any], Mapping[str, Any]] = _nothing
    options: type[ServiceOptions] = ServiceOptions
    overrides: Overrides | None = None
    secrets: tuple[Secret, ...] = ()
    accounts: tuple[Account, ...] = ()
    hands_out: tuple[AccountKind, ...] = ()
    catalogue: tuple[CatalogueEntry, ...] = ()
    timers: tuple[Timer | NoTimer, ...] = ()
    limits: tuple[Limit, ...] = ()
    ignores_quorum: Callable[[Any], str] = _majority
    bootstrap: Script | None = None
    join: Script | None = None
    reconcile: Script | None = None
    migrate: Script | None = None
    leave: Script | None = None
    scripts: tuple[Script, ...] = field(default=())
    assumptions: tuple[Assumption, ...] = ()
    sandboxes: tuple[Sandbox, ...] = ()
    held: tuple[str, ...] = ()

    def port(self, name: str) -> Port:
        """The declared port of that name.

        Raises:
            KeyError: there is none.
        """
        for port in self.ports:
            if port.name == name:
                return port
        raise KeyError(f"{self.name} declares no port {name!r}")

    def timed(self, name: str) -> float:
        """A timer that is the same everywhere, for a template to write.

        Raises:
            KeyError: it has no such timer.
        """
        for timer in self.timers:
            if isinstance(timer, Timer) and timer.name == name and not callable(timer.value):
                return timer.value
        raise KeyError(f"{self.name} states no timer {name!r} that is the same everywhere")

    def limited(self, of: Resource) -> tuple[Limit, ...]:
        """What it may take of a resource."""
        return tuple(limit for limit in self.limits if limit.of == of)

    @property
    def pools(self) -> tuple[Callable[[Any, Any], int], ...]:
        """Of each account with connections to a database: how many there are on a node, given the cloud and the node."""
        return tuple(account.connections for account in self.accounts if account.connections is not None)

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Its certificates, as declared."""
        return tuple(file for file in self.files if isinstance(file, Certificate))

    @property
    def authority(self) -> str:
        """Name of the authority that signs what its servers show.

        Raises:
            KeyError: it has no certificate.
        """
        for certificate in self.certificates:
            return certificate.authority or self.name
        raise KeyError(f"{self.name} declares no certificate")

    def sandbox(self, unit: str) -> Sandbox:
        """The sandbox of that unit.

        Raises:
            KeyError: none is declared.
        """
        for sandbox in self.sandboxes:
            if sandbox.unit == unit:
                return sandbox
        raise KeyError(f"{self.name} declares no sandbox of {unit}")

    @property
    def everywhere(self) -> bool:
        """Whether every machine runs it."""
        return "every" in self.roles

    def runs_on(self, role: Role) -> bool:
        """Whether machines of a role run it, or what stands for it there."""
        return self.everywhere or role in self.roles or (role == "arbiter" and self.arbiter is not None)

    def on(self, role: str) -> Service:
        """The service as machines of a role run it: on arbiters what stands for it there, everywhere else itself."""
        return self._on_arbiters if role == "arbiter" else self

    @cached_property
    def _on_arbiters(self) -> Service:
        if self.arbiter is None:
            return self
        own = {each.name: getattr(self.arbiter, each.name) for each in fields(Arbiter)}
        own["ports"] = tuple(self.port(name) for name in self.arbiter.ports)
        shared = ("name", "title", "roles", "requires", "after", "voters", "options", "sandboxes")
        return Service(**{name: getattr(self, name) for name in shared}, **own)

    def written(self, options: ServiceOptions) -> Mapping[str, Any]:
        """What the operator overrides in these options; empty: nothing."""
        found: Mapping[str, Any] = getattr(options, "overrides", {})
        return found

    def all_packages(self) -> tuple[str, ...]:
        """Packages of all roles that run it: one machine image serves them all."""
        return self.packages + (self._on_arbiters.packages if self._on_arbiters is not self else ())

    def all_assumptions(self) -> tuple[Assumption, ...]:
        """Of all roles that run it, as one machine image serves them all; each once."""
        return tuple(dict.fromkeys((*self.assumptions, *self._on_arbiters.assumptions)))

    def all_scripts(self) -> tuple[Script, ...]:
        """Every script that goes to the node, the life-cycle ones first."""
        life = (self.migrate, self.bootstrap, self.join, self.reconcile, self.verify, self.leave)
        return tuple(script for script in life if script is not None) + self.scripts
