"""What one service declares. haproxy.cfg, nftables rules, grants, the catalogue, units and pages are derived from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from hacienda.declare.account import Account, AccountKind
from hacienda.declare.assumption import Assumption
from hacienda.declare.errors import DeclarationError
from hacienda.declare.files import Certificate, NodeFile, Script, SecretDirectory, SecretFile, Template, TrustAnchor
from hacienda.declare.limit import Limit, Resource
from hacienda.declare.network import Frontend, Port, Scope
from hacienda.declare.overrides import Overrides
from hacienda.declare.redundancy import Redundancy
from hacienda.declare.sandbox import Sandbox
from hacienda.declare.secret import Secret
from hacienda.declare.station import Station
from hacienda.declare.timer import NoTimer, Timer
from hacienda.declare.views import Cloud, Node
from hacienda.declare.vocabulary import Capability, Choice, Placement, Role


class ServiceOptions(BaseModel):
    """Base of a service's options in the environment file. It is frozen and refuses unknown keys; every field has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True)
class CatalogueEntry:
    """An entry of the Keystone catalogue, with one endpoint per scope.

    Args:
        type: service type, for example `identity`.
        name: service name, for example `keystone`.
        port: name of a Port of this service that has a Frontend.
        path: appended to scheme, host and port, for example `/v3`.
        scopes: scopes that get an endpoint. Default: both.
    """

    type: str
    name: str
    port: str
    path: str = ""
    scopes: tuple[Scope, ...] = ("internal", "public")


def _nothing(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {}


def _majority(cloud: Cloud) -> str:
    return ""


def _nothing_refused(cloud: Cloud) -> Iterable[tuple[str, str, str]]:
    return ()


def no_files(cloud: Cloud, node: Node) -> tuple[NodeFile, ...]:
    """The files of a service that computes none."""
    return ()


@dataclass(frozen=True)
class Arbiter:
    """What a service runs on arbiter machines instead of itself: a program that votes, holds no data and serves no client.

    The fields mean the same as in Service. What has no field here does not exist on arbiters.

    Args:
        ports: names of the service's ports that the program listens on.
    """

    verify: Script
    packages: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    files: tuple[Template | SecretFile | SecretDirectory | Certificate | TrustAnchor, ...] = ()
    variables: Callable[[Cloud, Node], Mapping[str, Any]] = _nothing
    facts: Callable[[Cloud, Node], Mapping[str, Any]] = _nothing
    join: Script | None = None
    leave: Script | None = None
    scripts: tuple[Script, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """One service of the cloud.

    A field that is a function is called with the cloud, or with the cloud and the node, as its type shows.

    Args:
        name: its name, which is also that of its module, template folder, test file and page.
        title: one line for people.
        roles: machine roles that it runs on; `every` stands for all machines.
        verify: script that exits with 0 and prints one line when the service's part on this node is healthy. Otherwise it exits
            with 1 and prints `what is wrong|what to do`.
        stand_in: role whose machines run it instead of network machines, in a cloud with an external network and without network
            machines. They are on that network, too. None: nobody does.
        choice: whether the environment decides if the cloud has it. `always`: every cloud has it. `unless declined`: the cloud has
            it unless the file says `<service>: false`. `on request`: only with `<service>: true` or with options.
        requires: capabilities that it cannot run without, for example `database`; units start in this order too.
        provides: capabilities that it offers.
        serves_without: those of `requires` that it needs only to start or to be fast: its clients do not notice their loss.
        wants: capabilities that it uses where the cloud has them. Only there exist its accounts at their providers, its trust
            anchors for them, and its files with `only_with`. Units start in this order too.
        after: names of services that start before it for other reasons, where both run on the same node.
        voters: True: a majority of its members must live. The guard counts them in the voter group of the service's name, and
            they restart one at a time.
        arbiter: what votes in its place on arbiter machines, where the service itself does not run.
        redundancy: copies that its voters do not agree on, of data or of a task: images, gateways.
        stands_in: where it stands in the path of something that a tenant does: a gateway that packets pass, a compute.
        drained_by: the capability whose provider drains a member of this service that leaves for good, and removes it. That
            provider's leave script does both. None: a member is in no other service's records.
        devices: device files of the host that it needs where machines are containers: `/dev/net/tun`.
        nesting: it mounts proc or sysfs of its own, which a container allows only with `security.nesting`.
        packages: Debian packages.
        users: system users that no package brings, each with a group of its name. They exist before its files are placed.
        data: folders that its daemons write to. A full or read-only disk below them stops the service.
        units: systemd units of its daemons. They stay disabled; the service's oneshot unit starts them.
        ports: ports that it listens on.
        frontends: load-balanced entrances to its ports on the virtual IPs.
        files: templates, secret files, certificates and trust anchors.
        node_files: files whose content is computed.
        variables: values for the templates.
        facts: KEY=value lines for the scripts. Every script also gets members and peers.
        options: model of its options in the environment file.
        refused: function of the cloud; returns option, reason and fix of each option that cannot hold in it: it contradicts the
            networks, for example. The loader asks it even if the file has other errors, so that all are reported at once.
        overrides: how the environment file's `overrides` set options of its program that Hacienda does not set. The model in
            `options` then has a field `overrides`. None: the operator cannot set them.
        secrets: secrets that it owns.
        accounts: accounts that it has at other services.
        hands_out: kinds of accounts that other services have here. Its reconcile script creates the accounts.
        catalogue: its entries in the Keystone catalogue.
        timers: times in its files that decide how long a failure lasts. A NoTimer gives the reason why one does not exist.
        limits: how much it may take of a machine, and how many clients it accepts.
        ignores_quorum: the setting, as its file has it, by which a minority of members keeps serving; empty: no such setting.
        prepare: script that runs on each node before each start, whether the node founds, joins or restarts. It makes what every
            start needs, like a helper or a file, and leaves the units as they are.
        bootstrap: script that runs once per environment, on the node that wins the claim. It prints the new cluster's id as its
            last line.
        join: script that runs at every other start. It brings this node into the existing cluster, whatever the node's local state.
            None: the units are started.
        reconcile: script that runs under a lock on one node, after verify, whenever one of its inputs has changed.
        migrate: script that runs once per release on the node that wins the claim, before the release's code starts anywhere. It
            brings schemas to what that code needs. It runs again with `--online` once every member runs that code, for migrations
            that must wait until then.
        afterwards: units of its own that start whenever the service has converged on a node. Nothing waits for them: they are for
            work that is not urgent.
        leave: script that takes the member in its argument out of the cluster. It runs on a surviving node. With `--check` it
            says whether the others can do without that member. With `--drain` it moves what the member holds elsewhere, a step at
            a time: it ends with 0 when nothing is left, with 75 while it is at work, with 1 if it cannot.
        scripts: further scripts.
        assumptions: what it relies on in its packages: everything that a file or script names and the project does not make.
        sandboxes: sandbox of each unit that it installs, on arbiters too.
        held: packages that unattended upgrades leave alone, as regular expressions that match the whole name. Their daemons
            vote, so they must not restart on all machines in the same night.
    """

    name: str
    title: str
    roles: tuple[Placement, ...]
    verify: Script
    stand_in: Role | None = None
    choice: Choice = "always"
    requires: tuple[Capability, ...] = ()
    provides: tuple[Capability, ...] = ()
    serves_without: tuple[Capability, ...] = ()
    wants: tuple[Capability, ...] = ()
    after: tuple[str, ...] = ()
    voters: bool = False
    arbiter: Arbiter | None = None
    redundancy: tuple[Redundancy, ...] = ()
    stands_in: tuple[Station, ...] = ()
    drained_by: Capability | None = None
    devices: tuple[str, ...] = ()
    nesting: bool = False
    packages: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    frontends: tuple[Frontend, ...] = ()
    files: tuple[Template | SecretFile | SecretDirectory | Certificate | TrustAnchor, ...] = ()
    node_files: Callable[[Cloud, Node], tuple[NodeFile, ...]] = no_files
    variables: Callable[[Cloud, Node], Mapping[str, Any]] = _nothing
    facts: Callable[[Cloud, Node], Mapping[str, Any]] = _nothing
    options: type[ServiceOptions] = ServiceOptions
    refused: Callable[[Cloud], Iterable[tuple[str, str, str]]] = _nothing_refused
    overrides: Overrides | None = None
    secrets: tuple[Secret, ...] = ()
    accounts: tuple[Account, ...] = ()
    hands_out: tuple[AccountKind, ...] = ()
    catalogue: tuple[CatalogueEntry, ...] = ()
    timers: tuple[Timer | NoTimer, ...] = ()
    limits: tuple[Limit, ...] = ()
    ignores_quorum: Callable[[Cloud], str] = _majority
    prepare: Script | None = None
    bootstrap: Script | None = None
    join: Script | None = None
    reconcile: Script | None = None
    migrate: Script | None = None
    afterwards: tuple[str, ...] = ()
    leave: Script | None = None
    scripts: tuple[Script, ...] = field(default=())
    assumptions: tuple[Assumption, ...] = ()
    sandboxes: tuple[Sandbox, ...] = ()
    held: tuple[str, ...] = ()

    def port(self, name: str) -> Port:
        """The declared port of that name.

        Raises:
            DeclarationError: the service declares no such port.
        """
        for port in self.ports:
            if port.name == name:
                return port
        raise DeclarationError(f"{self.name} declares no port {name!r}")

    def timed(self, name: str) -> float:
        """Value of a timer that is the same on all nodes, for a template to write.

        Raises:
            DeclarationError: the service declares no such timer.
        """
        for timer in self.timers:
            if isinstance(timer, Timer) and timer.name == name and not callable(timer.value):
                return timer.value
        raise DeclarationError(f"{self.name} declares no timer {name!r} that is the same on all nodes")

    def limited(self, of: Resource) -> tuple[Limit, ...]:
        """Its limits of one resource."""
        return tuple(limit for limit in self.limits if limit.of == of)

    @property
    def pools(self) -> tuple[Callable[[Cloud, Node], int], ...]:
        """For each account with database connections: the function that gives their number on a node."""
        return tuple(account.connections for account in self.accounts if account.connections is not None)

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Its certificates, as declared."""
        return tuple(file for file in self.files if isinstance(file, Certificate))

    @property
    def authority(self) -> str:
        """Name of the authority that signs its servers' certificates.

        Raises:
            DeclarationError: the service declares no certificate.
        """
        for certificate in self.certificates:
            return certificate.authority or self.name
        raise DeclarationError(f"{self.name} declares no certificate")

    def sandbox(self, unit: str) -> Sandbox:
        """The sandbox of that unit.

        Raises:
            DeclarationError: the service declares none.
        """
        for sandbox in self.sandboxes:
            if sandbox.unit == unit:
                return sandbox
        raise DeclarationError(f"{self.name} declares no sandbox of {unit}")

    @property
    def everywhere(self) -> bool:
        """Whether every machine runs it."""
        return "every" in self.roles

    def runs_on(self, role: Role) -> bool:
        """Whether machines of a role run it, or its arbiter program."""
        return self.everywhere or role in self.roles or (role == "arbiter" and self.arbiter is not None)

    def stood_in(self) -> Service:
        """The service in a cloud in which other machines stand in for network machines."""
        if self.stand_in is None:
            return self
        return replace(
            self, roles=tuple(dict.fromkeys(self.stand_in if role == "network" else role for role in self.roles))
        )

    def on(self, role: str) -> Service:
        """The service as machines of a role run it: its arbiter program on arbiters, itself everywhere else."""
        return self._on_arbiters if role == "arbiter" else self

    @cached_property
    def _on_arbiters(self) -> Service:
        if self.arbiter is None:
            return self
        own = {each.name: getattr(self.arbiter, each.name) for each in fields(Arbiter)}
        own["ports"] = tuple(self.port(name) for name in self.arbiter.ports)
        shared = ("name", "title", "roles", "requires", "wants", "after", "voters", "options", "sandboxes")
        return Service(**{name: getattr(self, name) for name in shared}, **own)

    def among(self, provided: Collection[Capability], kinds: Collection[str]) -> Service:
        """The service in a cloud with these capabilities, whose services hand out accounts of these kinds."""
        missing = set(self.wants) - set(provided)
        if not missing:
            return self
        dropped = {file.path for file in self.files if isinstance(file, Template) and file.only_with in missing}
        return replace(
            self,
            wants=tuple(one for one in self.wants if one not in missing),
            files=tuple(file for file in self.files if file.only_with not in missing),
            stands_in=tuple(
                replace(station, needs=tuple(one for one in station.needs if one not in missing))
                for station in self.stands_in
                if station.only_with not in missing
            ),
            timers=tuple(one for one in self.timers if isinstance(one, NoTimer) or one.file not in dropped),
            accounts=tuple(account for account in self.accounts if account.kind in kinds),
        )

    def written(self, options: ServiceOptions) -> Mapping[str, Any]:
        """The overrides in these options; empty: none."""
        found: Mapping[str, Any] = getattr(options, "overrides", {})
        return found

    def all_packages(self) -> tuple[str, ...]:
        """Its packages on all roles, because one machine image serves all roles."""
        return self.packages + (self._on_arbiters.packages if self._on_arbiters is not self else ())

    def all_assumptions(self) -> tuple[Assumption, ...]:
        """Its assumptions on all roles, each once, because one machine image serves all roles."""
        return tuple(dict.fromkeys((*self.assumptions, *self._on_arbiters.assumptions)))

    def all_scripts(self) -> tuple[Script, ...]:
        """Every script that is installed on the node, life-cycle scripts first."""
        life = (self.migrate, self.prepare, self.bootstrap, self.join, self.reconcile, self.verify, self.leave)
        return tuple(script for script in life if script is not None) + self.scripts
