"""Good files, mutilated: each either resolves to a sound cloud or is refused, and never ends in any other exception."""

from __future__ import annotations

import copy
import functools
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from hacienda.cloud import Cloud, resolve
from hacienda.environment import examine, shipped
from hacienda.environment.source import parse
from hacienda.errors import InputError
from tests import test_effects
from tests.cloud.samples import SHIPPED_REGISTRY

ROOT = Path(__file__).parents[2]
RICH = b"""
name: rich
domain: rich.example.org
region: North-1
release: "2025.1"
operating_system: debian-13
platform: {type: incus, pool: fast, project: rich-lab, image: own-image, socket: /run/incus.socket}
networks:
  management: {cidr: 10.88.0.0/24, gateway: 10.88.0.254, range: 10.88.0.2-10.88.0.250, vip: 10.88.0.9, mtu: 1400, router_id: 77}
  public: {cidr: 192.0.2.0/25, vip: 192.0.2.5, purpose: [public, external], roles: [controller, network]}
machines:
  controller: {count: 3, first: [10.88.0.20, 192.0.2.20]}
  network: {nodes: {gw-a: {number: 3}, gw-b: {addresses: {management: 10.88.0.60, public: 192.0.2.60}}}}
  compute: {count: 4, without: [2]}
services:
  haproxy: {connections: 100, timeouts: {connect: 3}, statistics: false}
  etcd:
high_availability: active-active
availability: {target: 99.99}
tls: {leaf_days: 30}
secrets: {backend: file, path: ~/secrets/rich}
state: {backend: s3, options: {bucket: tf, region: eu-1, use_path_style: true}}
time: {servers: [192.0.2.100, ntp.example.org]}
dns: {servers: [192.0.2.53]}
ssh: {user: debian, port: 2222, jump: "op@192.0.2.2:22"}
"""
"""Containers, with what they alone have."""
METAL = b"""
name: metal
domain: metal.example.org
platform: {type: existing, known_hosts: known_hosts, containers: false}
networks:
  inner: {purpose: [management, storage], cidr: 10.88.0.0/24, gateway: none, vip: 10.88.0.9, vlan: 7, mtu: 9000, nic: eno9}
  public:
    cidr: 192.0.2.0/25
    gateway: 192.0.2.1
    vip: 192.0.2.5
    vlan: 12
    bond: {mode: 802.3ad, nics: [eno1, eno2], hash_policy: layer3+4, lacp_rate: fast}
    routes: [{to: 198.51.100.0/24, via: 192.0.2.2}]
  tenant: {cidr: 10.89.0.0/24, vlan: 8, bond: {mode: active-backup, nics: [eno3, eno4]}}
  floating: {purpose: external, cidr: 203.0.113.0/24, vlan: 9, roles: [controller], nic: eno5}
  trunk:
    purpose: external
    cidr: 203.0.112.0/24
    nic: eno7
    roles: [controller]
    provider: {name: physnet1, flat: false, vlans: [100-199, 300]}
  lights-out: {purpose: other, cidr: 10.90.0.0/24, nic: eno6, roles: [controller]}
machines:
  controller:
    cards: {eno9: enp9s0}
    spread: rack
    domains: [r1, r2, r3]
    nodes:
      one: {number: 1, address: 10.88.0.21, rack: r1, power: p1, zone: z1, host: h1, cards: {eno9: enp8s0},
            bmc: {type: redfish, address: 10.91.0.1}}
      two: {addresses: {inner: 10.88.0.22, public: 192.0.2.22}, rack: r2, cpus: 8, memory: 32GiB, disks: {system: 100GiB}}
      three: {number: 3, rack: r3, bmc: {type: ipmi, address: 10.91.0.3}}
  compute: {count: 3, first: 10.88.0.40, without: [2], cpus: 16, memory: 64GiB, disks: {system: 200GiB}}
domains: {rack: [r1, r2, r3]}
api:
  internal_name: inner.example.org
  public_name: cloud.example.org
  certificate: {chain: chain.pem, key: key.pem, authority: ca.pem}
packages: {mirror: "http://a.example/debian", security: "http://a.example/security", proxy: "http://a.example:3128"}
firewall_rules:
  - {name: ceph, protocol: tcp, ports: [3300, 6800-6900], sources: [inner, 198.51.100.0/24], roles: [compute]}
  - {name: agent, protocol: udp, ports: [161], sources: [any], machines: [one]}
secrets: {backend: age, path: store, recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p]}
ssh: {user: root, keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA]}
accept: [{rule: DOMAIN, reason: someone else watches it, until: 2027-01-31, concerns: one}]
"""
"""Machines of somebody's own, with what they alone have."""
SHIPPED = {
    # The services of these tests are others.
    name: re.sub(rb"(?m)^services:\n(  .*\n)+", b"", path.read_bytes())
    for name, path in shipped(ROOT).items()
}
GOOD = {
    "rich": RICH,
    "metal": METAL,
    **{name: re.sub(rb"count: ([2-9]\d|\d{3,})\b", b"count: 4", text) for name, text in SHIPPED.items()},
}
"""The format does not know how many machines there are; what takes time does."""
ROUNDS = range(8)
"""Seeds of mutations per file and kind."""
MORE = range(8, 180)
"""Those of the long lane."""

# Coverage is counted elsewhere, and doubles the time that this takes.
pytestmark = pytest.mark.no_cover

NASTY: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**31, 2**63, 10**17, 0.5, 1e300, float("nan"), "", " ", "~", "null", "..", "../..", "/"),
    *(
        "{{ x }}",
        "${x}",
        "$(x)",
        "`x`",
        "a\nb",
        "\x00",
        "\x1b[0m",
        "é",
        "\u202e",
        "\ud800",
        "x" * 5000,
        "-x",
        "--",
        "a..b",
    ),
    *(
        "10.77.0.0/24",
        "10.77.0.255",
        "255.255.255.255",
        "10.77.0.11",
        "::1",
        "10.0.0.1-10.0.0.2",
        "1GiB",
        "9TiB",
    ),
    *(
        "rack",
        "ctl-1",
        "cmp-9999",
        "sto-0",
        "arb-01",
        "internal",
        "management",
        "none",
        "incus",
        "existing",
        "<<",
        "&a",
        "*a",
    ),
    *(
        [],
        {},
        [None],
        [[]],
        {"": ""},
        [1, 2],
        ["a", "a"],
        {"count": 9999},
        {"nodes": {"ctl-1": None}},
        {"type": "incus"},
    ),
)
FRAGMENTS = (
    b"\t",
    b": ",
    b"- ",
    b"{",
    b"}",
    b"[",
    b"]",
    b"#",
    b"&a ",
    b"*a",
    b"!!int ",
    b"|\n",
    b">\n",
    b'"',
    b"'",
    b"---\n",
)
ODD_BYTES = (
    b"\x00",
    b"\xff",
    b"\r",
    b"\xef\xbb\xbf",
    b"%YAML 1.1\n",
    b"? ",
    b"<<: ",
    b"\xe2\x80\xa8",
    b"...\n",
    b",",
    b"\n\n",
)


def textual(good: bytes, chance: random.Random) -> bytes:
    """Bytes cut, doubled, swapped or inserted."""
    text = bytearray(good)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.randint(1, 30))
        action = chance.randrange(5)
        if action == 0:
            del text[at:end]
        elif action == 1:
            text[at:at] = text[at:end]
        elif action == 2:
            text[at:at] = chance.choice(FRAGMENTS + ODD_BYTES)
        elif action == 3:
            text[at:end] = bytes(reversed(text[at:end]))
        else:
            lines = text.splitlines(keepends=True)
            chance.shuffle(lines)
            text = (
                bytearray(b"".join(lines))
                if chance.random() < 0.2
                else bytearray(b"".join(lines[: len(lines) // 2]) + text)
            )
    return bytes(text)


def structural(good: bytes, chance: random.Random) -> bytes:
    """Values replaced, keys renamed, branches removed or grafted; written as JSON, which is YAML."""
    data = copy.deepcopy(parsed(good))
    for _ in range(chance.randint(1, 4)):
        places = list(containers(data))
        holder = chance.choice(places)
        keys: list[Any] = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            continue
        key = chance.choice(keys)
        action = chance.randrange(4)
        if action == 0:
            holder[key] = chance.choice(NASTY)
        elif action == 1:
            del holder[key]
        elif action == 2 and isinstance(holder, dict):
            other = chance.choice(NASTY)
            holder[other if isinstance(other, str) else str(key) + "x"] = holder.pop(key)
        else:
            holder[key] = json.loads(json.dumps(chance.choice(places)))
    return json.dumps(data, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


@functools.cache
def parsed(good: bytes) -> Any:
    return parse(good, "good.yaml")[0]


def containers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(found for inner in value.values() for found in containers(inner))]
    if isinstance(value, list):
        return [value, *(found for inner in value for found in containers(inner))]
    return []


def outcome(raw: bytes) -> Cloud | InputError:
    try:
        reading = examine(*parse(raw, "fuzz.yaml"), SHIPPED_REGISTRY)
        if reading.problems:
            raise InputError(reading.problems)
        return resolve(reading.environment, SHIPPED_REGISTRY)
    except InputError as error:
        return error


def sound(cloud: Cloud) -> None:
    assert len({node.name for node in cloud.nodes}) == len(cloud.nodes)
    for network in cloud.networks:
        used: list[IPv4Address] = [n.addresses[network.name] for n in cloud.nodes if network.name in n.addresses]
        used += [vip.address for vip in cloud.virtual_ips if vip.network == network.name]
        used += [network.gateway] if network.gateway is not None else []
        assert len(set(used)) == len(used)
        assert all(address in network.cidr for address in used)
    for node in cloud.nodes:
        assert cloud.management.name in node.addresses
    assert all(1 <= vip.router_id <= 254 for vip in cloud.virtual_ips)


def test_nothing_counts_lines_here() -> None:
    """`no_cover` has an effect in workers, too (tests/conftest.py); counting would triple the time of this file."""
    assert sys.gettrace() is None


@pytest.mark.parametrize("mutate", [textual, structural])
@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_mutilated_file_resolves_or_is_refused(name: str, mutate: Callable[[bytes, random.Random], bytes]) -> None:
    mutilate(GOOD[name], mutate, name, ROUNDS)


@pytest.mark.long
@pytest.mark.parametrize("mutate", [textual, structural])
@pytest.mark.parametrize("name", sorted(GOOD))
def test_more_mutilated_files(name: str, mutate: Callable[[bytes, random.Random], bytes]) -> None:
    mutilate(GOOD[name], mutate, name, MORE)


@pytest.mark.long
@pytest.mark.parametrize("mutate", [textual, structural])
@pytest.mark.parametrize("name", sorted(name for name, text in SHIPPED.items() if GOOD[name] != text))
def test_a_mutilated_file_of_many_machines(name: str, mutate: Callable[[bytes, random.Random], bytes]) -> None:
    mutilate(SHIPPED[name], mutate, name, range(120))


def mutilate(good: bytes, mutate: Callable[[bytes, random.Random], bytes], name: str, seeds: range) -> None:
    resolved = 0
    for seed in seeds:
        raw = mutate(good, random.Random(f"{name} {seed}"))  # noqa: S311 - reproducible, not secret
        result = outcome(raw)
        if isinstance(result, InputError):
            assert str(result).replace("\n", "").isprintable()
            assert result.problems
        else:
            resolved += 1
            sound(result)
    assert resolved < len(seeds)


def test_the_good_files_have_every_key() -> None:
    """What no good file has is never mutilated."""
    written = {path for text in (RICH, METAL) for path in _paths(parse(text, "good.yaml")[0], "")}
    keys = {re.sub(r"^platform\.(incus|existing)", "platform", key) for key in test_effects.patterns()}
    # The services here are samples with options of their own.
    missing = {key for key in keys if not key.startswith("services.") and key not in written}
    assert missing == set()


def _paths(value: Any, path: str) -> Iterator[str]:
    """Paths of a file's values as `test_effects` writes them, and of the branches above them."""
    yield path.removeprefix(".")
    if isinstance(value, dict):
        named = re.fullmatch(r"\.(networks|machines)|\.machines\.\*\.nodes", path)
        for key, inner in value.items():
            yield from _paths(inner, f"{path}.*" if named else f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, f"{path}.[]")


@pytest.mark.parametrize("name", sorted(GOOD))
def test_the_good_files_are_good(name: str) -> None:
    for good in (GOOD[name], SHIPPED.get(name, GOOD[name])):
        result = outcome(good)
        assert isinstance(result, Cloud), str(result)
        sound(result)


def test_random_bytes_are_refused() -> None:
    chance = random.Random(7)  # noqa: S311 - reproducible, not secret
    for _ in range(200):
        assert isinstance(outcome(chance.randbytes(chance.randint(0, 300))), InputError)
