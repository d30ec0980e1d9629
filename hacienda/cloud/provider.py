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

SILENT = "external"
"""Name in Neutron of the external network of a file that says nothing about provider networks."""

_SILENT_BRIDGE = "br-ex"
_PREFIX = "ex-"
_LONGEST_INTERFACE = 15
"""Characters of an interface's name in Linux (IFNAMSIZ without the byte at its end). A bridge is an interface."""


def connected(environment: Environment, found: Sequence[Network], problems: ProblemList) -> list[Network]:
    """The networks, with a physical network where Neutron has provider networks: on each one that has `provider` in the file, and
    on the first external network that has none."""
    external = [network.name for network in found if "external" in network.purposes]
    specs = {network.name: environment.networks[network.name].provider for network in found}
    silent = next((name for name in external if specs[name] is None), "")
    result = []
    for network in found:
        spec = specs[network.name]
        where = ("networks", network.name, "provider")
        if spec is not None and not network.without_addresses:
            reason = "has provider networks, but is not for external traffic alone"
            fix = "Give them a network of their own with `purpose: external`: its cards belong to instances."
            problems.add(where, reason, fix)
        elif spec is not None and spec.name is None and len(external) > 1:
            reason = "does not name its physical network, and the file has several external networks"
            problems.add(where, reason, f"Add a `name`, like `{network.name}`, that no other external network has.")
        elif spec is not None or network.name == silent:
            network = replace(network, physical=_physical(spec or ProviderNetworks()))
        result.append(network)
    _names(result, problems)
    if not has_own_bridges(environment):
        _tags(result, problems)
    return result


def _physical(spec: ProviderNetworks) -> PhysicalNetwork:
    name = spec.name or SILENT
    return PhysicalNetwork(name=name, bridge=_bridge(name), flat=spec.flat, vlans=spec.vlans)


def _bridge(name: str) -> str:
    """Name of the bridge of a physical network. A name that Linux would not take is shortened, and stays different from others."""
    room = _LONGEST_INTERFACE - len(_PREFIX)
    if name == SILENT:
        return _SILENT_BRIDGE
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
