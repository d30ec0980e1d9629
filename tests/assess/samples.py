"""A cloud against which no rule has anything to say, and ways to change it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hacienda.assess import Held, Subject, rules
from hacienda.cloud import Cloud, resolve
from hacienda.declare import Registry, Service
from hacienda.environment import examine
from hacienda.errors import InputError
from tests import frozen
from tests.cloud.samples import parsed

TODAY = date(2026, 1, 15)
"""The day of every assessment in these tests, unless one says otherwise."""

SOUND = """\
name: sound
domain: sound.example.org
platform: existing
domains: {rack: [a, b, c]}
networks:
  management: {cidr: 10.60.0.0/24, vip: 10.60.0.5, bond: {mode: 802.3ad, nics: [eno1, eno2]}}
  public: {cidr: 192.0.2.0/24, vip: 192.0.2.6, vlan: 20, bond: {mode: 802.3ad, nics: [eno1, eno2]}}
  storage: {cidr: 10.61.0.0/24, mtu: 9000, vlan: 30, bond: {mode: 802.3ad, nics: [ens1, ens2]}}
  tenant: {cidr: 10.62.0.0/24, mtu: 9000, vlan: 40, bond: {mode: 802.3ad, nics: [ens1, ens2]}}
  external: {cidr: 198.51.100.0/24, vlan: 50, bond: {mode: 802.3ad, nics: [eno1, eno2]}}
machines:
  controller: {count: 3, spread: rack, cpus: 32, memory: 128GiB, disks: {system: 400GiB, database: 800GiB}}
  network: {count: 2, spread: rack}
  compute:
    nodes:
      cmp-1: {rack: a, memory: 512GiB, bmc: {type: redfish, address: 10.69.0.1}}
      cmp-2: {rack: b, memory: 512GiB, bmc: {type: redfish, address: 10.69.0.2}}
  storage:
    disks: {osd: 30TiB}
    nodes:
      sto-1: {rack: a, bmc: {type: redfish, address: 10.69.0.11}}
      sto-2: {rack: b, bmc: {type: redfish, address: 10.69.0.12}}
      sto-3: {rack: c, bmc: {type: redfish, address: 10.69.0.13}}
  monitoring: {count: 2, spread: rack}
firewall_rules:
  - {name: ceph, ports: [3300, 6789, 6800-7568], sources: [10.61.0.0/24], roles: [storage]}
  - {name: tunnels, protocol: udp, ports: [6081], sources: [10.62.0.0/24], roles: [network, compute]}
  - {name: migration, ports: [16514, 49152-49215], sources: [management], roles: [compute]}
  - {name: metrics, ports: [3000, 9090], sources: [management], roles: [monitoring]}
dns: {servers: [10.60.0.2, 10.60.0.3]}
secrets: {backend: age, recipients: [RECIPIENT]}
state: {backend: s3, options: {bucket: sound, region: eu-1, use_lockfile: true}}
accept: [{rule: BACKUP, concerns: data, reason: the site has a backup of its own, until: 2027-01-31}]
""".replace("RECIPIENT", f"age1{'q' * 58}")

BESIDE = """\
name: beside
platform: existing
networks:
  management: {cidr: 10.90.0.0/24, vip: 10.90.0.99, vlan: 99}
machines:
  controller: 3
"""
"""An environment of the same project that has nothing to do with the sound one."""


@dataclass(frozen=True)
class Change:
    """How a cloud differs from the one it is made of.

    Args:
        text: pieces of the environment file, and what stands there instead.
        add: lines at the end of the file.
        registry: services changed or added.
        today: the day.
        others: texts of other environments.
        held: what the store holds.
    """

    text: tuple[tuple[str, str], ...] = ()
    add: str = ""
    registry: Callable[[Registry], Iterable[Service]] = lambda registry: registry
    today: date = TODAY
    others: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()


NOTHING = Change()


def edit(*pieces: str, **more: Any) -> Change:
    """A change of the environment file: a piece, what stands there instead, and so on in pairs."""
    return Change(text=tuple(zip(pieces[::2], pieces[1::2], strict=True)), **more)


def service(name: str, **fields: Any) -> Change:
    """A change of a service's declaration."""
    return Change(registry=lambda all_: [replace(one, **fields) if one.name == name else one for one in all_])


def on(day: date, change: Change) -> Change:
    """A change, assessed on another day."""
    return replace(change, today=day)


def replaced(text: str, piece: str, instead: str) -> str:
    """A text with another piece in the one place where it stands."""
    assert text.count(piece) == 1, f"{piece!r} stands {text.count(piece)} times"
    return text.replace(piece, instead)


def cloud(text: str, registry: Registry | None = None, name: str = "test.yaml") -> Cloud:
    """The cloud of a text, of the frozen services unless others are given. Raises InputError."""
    known = registry or frozen.registry()
    reading = examine(*parsed(text, name), known, rules())
    if reading.problems:
        raise InputError(reading.problems)
    return resolve(reading.environment, known)


def subject(change: Change = NOTHING, text: str = SOUND, registry: Registry | None = None) -> Subject:
    """A changed environment as rules look at it.

    Args:
        change: what is different.
        text: the environment that is changed.
        registry: services before the change. Default: the frozen ones.
    """
    for piece, instead in change.text:
        text = replaced(text, piece, instead)
    changed = cloud(text + change.add, Registry(change.registry(registry or frozen.registry())))
    others = tuple(cloud(other, name=f"other-{number}.yaml") for number, other in enumerate(change.others))
    return Subject(changed, change.today, others, change.held)
