"""From an environment to the cloud that it describes. The result is deterministic and depends on no position in a list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

from hacienda.cloud import api, outside
from hacienda.cloud import platform as platforms
from hacienda.cloud import services as presence
from hacienda.cloud.addresses import AddressBook, blocks, number
from hacienda.cloud.cards import cards
from hacienda.cloud.machines import Draft, drafts
from hacienda.cloud.model import Cloud
from hacienda.cloud.network import Network, VirtualIp
from hacienda.cloud.networks import domain, networks, virtual_ips
from hacienda.cloud.node import ABBREVIATIONS, Node
from hacienda.cloud.openings import openings
from hacienda.cloud.problem_list import ProblemList
from hacienda.cloud.settings import PackageSources, SecretStore, Ssh, StateBackend
from hacienda.declare import Registry, Service
from hacienda.environment import source as sources
from hacienda.environment.load import examine
from hacienda.environment.model import Environment
from hacienda.environment.trusted import trusted
from hacienda.errors import InputError, Problem


def read(path: Path, registry: Registry, shown: str = "", rules: Collection[str] = ()) -> Cloud:
    """The cloud of an environment file.

    Args:
        path: the file.
        registry: every service there is.
        shown: how errors name the file; empty: `path`, relative to the working folder.
        rules: names of the rules that the file's `accept` may name; empty: those names are not checked.

    Raises:
        InputError: all errors of the file, including what cannot be resolved.
    """
    reading = examine(*sources.read(path, shown), registry, rules)
    cloud, found, unseen = _resolution(reading.environment, registry, reading.broken)
    problems = (*reading.problems, *found)
    if problems or cloud is None:
        raise InputError(_in_order(problems), unseen=unseen)
    return cloud


def read_all(paths: Iterable[Path], registry: Registry, rules: Collection[str] = ()) -> tuple[Cloud, ...]:
    """The clouds of several environment files, in their order; arguments as for `read`.

    Raises:
        InputError: all errors of the files, including two environments with one name.
    """
    clouds: dict[str, Cloud] = {}
    problems: list[Problem] = []
    unseen: list[str] = []
    for path in paths:
        try:
            cloud = read(path, registry, rules=rules)
        except InputError as error:
            problems += error.problems
            unseen += error.unseen
            continue
        if cloud.name in clouds:
            reason = "is the name of another environment"
            problems.append(Problem("name", reason, "Rename one of them.", str(path), value=cloud.name))
        clouds[cloud.name] = cloud
    if problems:
        raise InputError(problems, unseen=unseen)
    return tuple(clouds.values())


def resolve(environment: Environment, registry: Registry) -> Cloud:
    """The cloud of an environment.

    Args:
        environment: as `hacienda.environment.load` returns it.
        registry: every service there is, as at loading.

    Raises:
        InputError: everything that cannot be resolved.
    """
    cloud, found, unseen = _resolution(environment, registry, frozenset())
    if found or cloud is None:
        raise InputError(_in_order(found), unseen=unseen)
    return cloud


def _in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0))


_UNPLACED = "The machines were not checked, because they depend on the networks. They may have more errors."
_UNREAD = "The machines were not checked against each other, because some of their entries are invalid."


def _resolution(
    environment: Environment, registry: Registry, broken: frozenset[str]
) -> tuple[Cloud | None, list[Problem], list[str]]:
    """The cloud, its errors, and what was not checked. Parts with errors are skipped, and so is what depends on them."""
    problems = ProblemList(environment.source)
    if "networks" in broken:
        return None, [], [_UNPLACED]
    found = networks(environment, problems)
    vips = api.named(environment, virtual_ips(environment, found, problems), problems)
    if "platform" not in broken:
        platforms.check(environment, problems)
    if broken & {"machines", "domains"}:
        return None, problems.found, [_UNREAD]
    if not found or "management" not in found[0].purposes or found[0].roles != frozenset(ABBREVIATIONS):
        return None, problems.found, [_UNPLACED]
    registry, found = presence.stood_in(environment, presence.chosen(environment, registry, problems), found)
    nodes = _nodes(environment, registry, found, vips, problems)
    presence.check(environment, registry, nodes, vips, problems)
    outside.check(environment, found, nodes, vips, problems)
    api.check(environment, nodes, problems)
    rules = openings(environment, registry, found, nodes, problems) if "firewall_rules" not in broken else ()
    cloud = replace(_cloud(environment, registry, found, vips, nodes), firewall_rules=rules)
    presence.refused(cloud, environment, problems)
    return (None, problems.found, []) if problems else (cloud, [], [])


def _nodes(
    environment: Environment,
    registry: Registry,
    found: tuple[Network, ...],
    vips: tuple[VirtualIp, ...],
    problems: ProblemList,
) -> tuple[Node, ...]:
    """Nodes by role, number and name."""
    management = found[0]
    rooms = blocks(environment, found, ABBREVIATIONS, problems)
    book = AddressBook(found, vips, rooms, problems)
    names: dict[str, Draft] = {}
    bmcs: dict[str, str] = {}
    nodes: list[Node] = []
    for role in ABBREVIATIONS:
        runs = presence.of_role(registry, role)
        numbers: dict[int, str] = {}
        of_role: list[Node] = []
        for draft in drafts(environment, role, management.name, problems):
            if not _once(draft, names, bmcs, problems):
                continue
            own = number(draft, rooms, management, problems)
            # A number derived from an address decides no other address, so two machines may have it.
            other = numbers.setdefault(own, draft.name) if draft.number is not None else draft.name
            if other != draft.name:
                problems.add(
                    draft.where, f"has the same number as {other}: {own}", "Give one of them another `number`."
                )
                continue
            addresses = book.addresses(draft, own)
            if management.name in addresses:
                nics = cards(draft, found, problems) if not platforms.has_own_bridges(environment) else {}
                of_role.append(_node(draft, own, addresses, nics, [registry[name] for name in runs]))
        nodes += sorted(of_role, key=lambda node: (node.number, node.name))
    return tuple(nodes)


def _once(draft: Draft, names: dict[str, Draft], bmcs: dict[str, str], problems: ProblemList) -> bool:
    """Whether no other machine has its name."""
    other = names.setdefault(draft.name, draft)
    if other is not draft:
        reason = f"is also a {other.role} machine, and a machine has only one role"
        problems.add(
            draft.where, reason, f"Keep it in one of the two, and use another machine for the {draft.role} role."
        )
        return False
    if draft.bmc is not None and bmcs.setdefault(draft.bmc.address, draft.name) != draft.name:
        reason = f"is also the BMC of {bmcs[draft.bmc.address]}: fencing would turn off the wrong machine"
        problems.add((*draft.where, "bmc", "address"), reason, "Give each machine its own BMC.", draft.bmc.address)
    return True


def _node(
    draft: Draft, own: int, addresses: dict[str, IPv4Address], nics: Mapping[str, str], runs: Iterable[Service]
) -> Node:
    services = [service.on(draft.role) for service in runs]
    return Node(
        name=draft.name,
        role=draft.role,
        number=own,
        addresses=addresses,
        services=tuple(service.name for service in services),
        ssh_host=str(next(iter(addresses.values()))),
        domains=draft.domains,
        cpus=draft.cpus,
        memory=draft.memory,
        disks=draft.disks,
        bmc=draft.bmc,
        nics=nics,
        devices=tuple(sorted({device for service in services for device in service.devices})),
        nesting=any(service.nesting for service in services),
    )


def _cloud(
    environment: Environment,
    registry: Registry,
    found: tuple[Network, ...],
    vips: tuple[VirtualIp, ...],
    nodes: tuple[Node, ...],
) -> Cloud:
    own = outside.own_time_servers(environment, nodes, vips)
    ssh, secrets, state = environment.ssh, environment.secrets, environment.state
    archive = environment.packages
    return Cloud(
        name=environment.name,
        domain=domain(environment),
        region=environment.region,
        release=environment.release,
        operating_system=environment.operating_system,
        platform=platforms.platform(environment),
        networks=found,
        virtual_ips=vips,
        nodes=nodes,
        options={name: options for name, options in environment.options.items() if name in registry},
        registry=registry,
        ssh=Ssh(user=ssh.user, port=ssh.port, keys=ssh.keys, jump=ssh.jump),
        time_servers=tuple(server for server in environment.time.servers if server not in own),
        own_time_servers=own,
        name_servers=tuple(str(server) for server in environment.dns.servers),
        availability_target=environment.availability.target,
        certificate_days=environment.tls.leaf_days,
        secrets=SecretStore(secrets.backend, secrets.path, secrets.recipients),
        state=StateBackend(state.backend, dict(state.options)),
        package_sources=PackageSources(archive.mirror, archive.security, archive.proxy),
        public_certificate=api.certificate(environment),
        accepts=environment.accept,
        trusted=trusted(environment),
        source=environment.source,
    )
