"""Physical networks: what Neutron's provider networks use of the environment's external networks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from hacienda.cloud.network import Network, PhysicalNetwork
from hacienda.cloud.platform import has_own_bridges
from hacienda.cloud.problem_list import ProblemList
from hacienda.environment.model import Environment
from hacienda.environment.network import ProviderNetworks
from hacienda.environment.values import vlan_range

FIRST = "external"
"""Name in Neutron of the first external network, unless the file has another one."""

_FIRST_BRIDGE = "br-ex"
_PREFIX = "ex-"
_LONGEST_INTERFACE = 15
"""Characters of an interface's name in Linux (IFNAMSIZ without the byte at its end). A bridge is an interface."""


def connected(environment: Environment, found: Sequence[Network], problems: ProblemList) -> list[Network]:
    """The networks, with a physical network where Neutron has provider networks: on the first external network, and on each one
    that has `provider` in the file."""
    first = next((network.name for network in found if "external" in network.purposes), "")
    result = []
    for network in found:
        spec = environment.networks[network.name].provider
        if spec is not None and not network.without_addresses:
            reason = "has provider networks, but is not for external traffic alone"
            fix = "Give them a network of their own with `purpose: external`: its cards belong to instances."
            problems.add(("networks", network.name, "provider"), reason, fix)
        elif spec is not None or network.name == first:
            network = replace(network, physical=_physical(network, spec or ProviderNetworks(), network.name == first))
        result.append(network)
    _names(result, problems)
    if not has_own_bridges(environment):
        _tags(result, problems)
    return result


def _physical(network: Network, spec: ProviderNetworks, first: bool) -> PhysicalNetwork:
    return PhysicalNetwork(
        name=spec.name or (FIRST if first else network.name),
        bridge=_FIRST_BRIDGE if first else _bridge(network.name),
        flat=spec.flat,
        vlans=spec.vlans,
    )


def _bridge(name: str) -> str:
    """Name of a network's bridge. A name that Linux would not take is shortened, and stays different from others like it."""
    room = _LONGEST_INTERFACE - len(_PREFIX)
    if len(name) <= room:
        return _PREFIX + name
    mark = hashlib.sha256(name.encode()).hexdigest()[:4]
    return f"{_PREFIX}{name[: room - len(mark)]}{mark}"


def _names(found: Sequence[Network], problems: ProblemList) -> None:
    owners: dict[str, str] = {}
    for network in found:
        if network.physical is None:
            continue
        name = network.physical.name
        other = owners.setdefault(name, network.name)
        if other != network.name:
            where = ("networks", network.name, "provider", "name")
            fix = "Give one of them another `provider: {name: ...}`."
            problems.add(where, f"is also the physical network of {other}", fix, name)


def _tags(found: Sequence[Network], problems: ProblemList) -> None:
    """Problems of VLANs that instances may use, but something else does too."""
    for network in found:
        if network.physical and network.physical.vlans and network.vlan is not None:
            reason = f"is on VLAN {network.vlan}, so each VLAN of its instances would be inside that one"
            fix = "Remove `vlan` here, and keep these packets without a tag. Or name no `vlans`."
            problems.add(("networks", network.name, "provider", "vlans"), reason, fix)
    for one, other in combinations(found, 2):
        if not share_switches(one, other):
            continue
        for mine, its in ((one, other), (other, one)):
            for position, vlan in _taken(mine, its):
                fix = "Write ranges without it. If the networks use different switches, give each its own cards (`bond`, `nic`)."
                where = ("networks", mine.name, "provider", "vlans", position)
                value = vlan_range(mine.physical.vlans[position]) if mine.physical else None
                problems.add(where, f"has VLAN {vlan}, which {its.name} uses", fix, value)


def _taken(mine: Network, its: Network) -> Iterator[tuple[int, int]]:
    """Positions of the ranges of one network that have a VLAN of the other one, with the first such VLAN. Where both networks have
    ranges, the one whose name comes later has the problem."""
    used = [(its.vlan, its.vlan)] if its.vlan is not None else []
    if its.physical and its.name < mine.name:
        used += its.physical.vlans
    for position, (first, last) in enumerate(mine.physical.vlans if mine.physical else ()):
        yield from ((position, max(first, begin)) for begin, end in used if first <= end and begin <= last)


def share_switches(one: Network, other: Network) -> bool:
    """Whether two networks may meet on the same switches. With different cards they do not: Hacienda assumes two fabrics."""
    return not (one.cards and other.cards and not set(one.cards) & set(other.cards))
