"""From an environment to the cloud it describes: pure, deterministic, and nothing depends on anything's position."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import IPv4Address
from pathlib import Path

from hacienda.cloud import api, outside
from hacienda.cloud import platform as platforms
from hacienda.cloud import services as presence
from hacienda.cloud.addresses import AddressBook, blocks, number
from hacienda.cloud.machines import Draft, drafts
from hacienda.cloud.model import (
    ABBREVIATIONS,
    Cloud,
    Network,
    Node,
    PackageSources,
    SecretStore,
    Ssh,
    StateBackend,
    VirtualIp,
)
from hacienda.cloud.networks import domain, networks, virtual_ips
from hacienda.cloud.problem_list import ProblemList
from hacienda.declare import Registry
from hacienda.environment import source as sources
from hacienda.environment.load import examine, service_options
from hacienda.environment.model import Environment
from hacienda.errors import InputError, Problem


def read(path: Path, registry: Registry, shown: str = "", rules: Collection[str] = ()) -> Cloud:
    """The cloud of an environment file.

    Args:
        path: the file.
        registry: every service there is.
        shown: how errors name the file; empty: `path`, relative to the working folder.
        rules: names of the rules that the file's `accept` may name; empty: they are not looked at.

    Raises:
        InputError: everything wrong with the file, what cannot be resolved included.
    """
    reading = examine(*sources.read(path, shown), registry, rules)
    cloud, found, unseen = _resolution(reading.environment, registry, reading.broken)
    problems = (*reading.problems, *found)
    if problems or cloud is None:
        raise InputError(_in_order(problems), unseen=unseen)
    return cloud


def resolve(environment: Environment, registry: Registry) -> Cloud:
    """The cloud of an environment.

    Args:
        environment: as `hacienda.environment.load` returns it.
        registry: every service there is.

    Raises:
        InputError: everything that cannot be resolved.
    """
    wrong = service_options(environment, registry)[1]
    cloud, found, unseen = _resolution(environment, registry, frozenset())
    if wrong or found or cloud is None:
        raise InputError(_in_order((*wrong, *found)), unseen=unseen)
    return cloud


def _in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0))


_UNPLACED = "The machines were not looked at: they rest on the networks. There may be more problems there."
_UNREAD = "How the machines fit together was not looked at: some of what the file says of them cannot be read."


def _resolution(
    environment: Environment, registry: Registry, broken: frozenset[str]
) -> tuple[Cloud | None, list[Problem], list[str]]:
    """The cloud, what is wrong with it, and what was not looked at. Parts with problems of their own are left alone, and what
    rests on them."""
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
    nodes = _nodes(environment, registry, found, vips, problems)
    presence.check(environment, registry, nodes, vips, problems)
    outside.check(environment, found, nodes, vips, problems)
    api.check(environment, nodes, problems)
    if problems:
        return None, problems.found, []
    return _cloud(environment, registry, found, vips, nodes), [], []


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
            _once(draft, names, bmcs, problems)
            own = number(draft, rooms, management, problems)
            other = numbers.setdefault(own, draft.name) if own else draft.name
            addresses = book.addresses(draft, own) if other == draft.name or draft.number is None else {}
            if other != draft.name and (draft.number is not None or management.name in addresses):
                fix = "Give one of them another `number`."
                problems.add(draft.where, f"has the number {own} of {other}", fix)
            elif management.name in addresses:
                of_role.append(_node(draft, own, addresses, runs, str(addresses[management.name])))
        nodes += sorted(of_role, key=lambda node: (node.number, node.name))
    return tuple(nodes)


def _once(draft: Draft, names: dict[str, Draft], bmcs: dict[str, str], problems: ProblemList) -> None:
    other = names.setdefault(draft.name, draft)
    if other is not draft:
        problems.add(draft.where, f"is also the name of a {other.role} machine", "Call one of them something else.")
    if draft.bmc is not None and bmcs.setdefault(draft.bmc.address, draft.name) != draft.name:
        reason = f"is the controller of {bmcs[draft.bmc.address]}, too: fencing would hit the wrong machine"
        problems.add((*draft.where, "bmc", "address"), reason, "Each machine has its own.", draft.bmc.address)


def _node(draft: Draft, own: int, addresses: dict[str, IPv4Address], runs: tuple[str, ...], ssh_host: str) -> Node:
    return Node(
        name=draft.name,
        role=draft.role,
        number=own,
        addresses=addresses,
        services=runs,
        ssh_host=ssh_host,
        domains=draft.domains,
        cpus=draft.cpus,
        memory=draft.memory,
        disks=draft.disks,
        bmc=draft.bmc,
    )


def _cloud(
    environment: Environment,
    registry: Registry,
    found: tuple[Network, ...],
    vips: tuple[VirtualIp, ...],
    nodes: tuple[Node, ...],
) -> Cloud:
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
        options=service_options(environment, registry)[0],
        registry=registry,
        ssh=Ssh(user=ssh.user, port=ssh.port, keys=ssh.keys, jump=ssh.jump),
        time_servers=environment.time.servers,
        name_servers=tuple(str(server) for server in environment.dns.servers),
        availability_target=environment.availability.target,
        certificate_days=environment.tls.leaf_days,
        secrets=SecretStore(secrets.backend, secrets.path, secrets.recipients),
        state=StateBackend(state.backend, dict(state.options)),
        package_sources=PackageSources(archive.mirror, archive.security, archive.proxy),
        public_certificate=api.certificate(environment),
        accepts=environment.accept,
        source=environment.source,
    )
