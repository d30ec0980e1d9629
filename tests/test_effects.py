"""Every value that an operator can write changes something, or is refused: a key that nothing reads is found here by its path."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from hacienda import assess, cloudinit, services
from hacienda.cloud import Cloud, resolve
from hacienda.constructs import Places
from hacienda.constructs.member import member_resource
from hacienda.constructs.output import EnvironmentOutput
from hacienda.environment import examine, schema
from hacienda.environment.source import parse
from hacienda.errors import InputError
from hacienda.platforms import platform_of
from hacienda.review.topology import picture

ROOT = Path(__file__).parents[1]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
DAY = date(2026, 11, 28)
ABSENT = "(absent)"
"""In place of a value: the key is not there."""
PLATFORMS = ("incus", "existing")

BASE: Mapping[str, Any] = {
    "name": "effect",
    "networks": {
        "management": {"cidr": "10.1.0.0/24", "vip": "10.1.0.5"},
        "public": {"cidr": "192.0.2.0/24", "vip": "192.0.2.9"},
        "storage": {"cidr": "10.2.0.0/24"},
        "tenant": {"cidr": "10.3.0.0/24"},
        "external": {"cidr": "198.51.100.0/24"},
    },
    "machines": {
        "controller": {"count": 3, "nodes": {"ctl-2": {}}},
        "network": {"count": 2, "nodes": {"net-2": {}}},
        "compute": {"count": 3, "nodes": {"cmp-2": {}}},
        "storage": {"count": 3, "nodes": {"sto-2": {}}},
        "monitoring": {"count": 2, "nodes": {"mon-2": {}}},
    },
}
"""Every network and almost every role."""
ROLES = {"controller": "ctl-2", "network": "net-2", "compute": "cmp-2", "storage": "sto-2", "monitoring": "mon-2"}
NETWORKS = ("management", "public", "storage", "tenant", "external")
BOND = {"mode": "802.3ad", "nics": ["eno1", "eno2"]}


class Variation:
    """Values of one key that are to differ in what they do.

    Args:
        values: what is written there, one after the other; ABSENT: nothing.
        beside: what else the file then has, by path.
    """

    def __init__(self, *values: Any, **beside: Any) -> None:
        self.values = values
        self.beside = {path.replace("__", "."): value for path, value in beside.items()}


def v(*values: Any, **beside: Any) -> Variation:
    return Variation(*values, **beside)


ACCEPT = {"rule": "DOMAIN", "reason": "somebody else watches it", "until": "2027-01-31"}
LISTED: Mapping[str, Variation] = {
    "name": v("effect", "other"),
    "domain": v(ABSENT, "a.example", "1.example"),
    "region": v(ABSENT, "North"),
    "release": v("2025.1"),
    "operating_system": v("debian-13"),
    "high_availability": v("active-active"),
    "platform.type": v("incus", "existing"),
    "platform.incus.socket": v(ABSENT, "/run/incus.socket"),
    "platform.incus.image": v(ABSENT, "mine"),
    "platform.incus.pool": v(ABSENT, "fast"),
    "platform.incus.project": v(ABSENT, "mine"),
    "platform.existing.known_hosts": v(ABSENT, "known_hosts"),
    "platform.existing.containers": v(False, True),
    "networks.*.cidr": v("10.9.0.0/24", "10.9.1.0/24", "10.9.0.0/25"),
    "networks.*.gateway": v("FREE", "OTHER", "none"),
    "networks.*.mtu": v(ABSENT, 9000),
    "networks.*.vlan": v(ABSENT, 20, 21),
    "networks.*.range": v(ABSENT, "RANGE"),
    "networks.*.purpose": v(["storage"], ["storage", "tenant"], ["tenant"], networks__tenant=ABSENT),
    "networks.*.roles": v(ABSENT, ["controller", "network", "compute", "storage", "monitoring"]),
    "networks.*.vip": v(ABSENT, "FREE"),
    "networks.*.bond.mode": v("active-backup", "802.3ad", "balance-xor", "balance-tlb", "balance-alb"),
    "networks.*.bond.nics": v(["eno1", "eno2"], ["eno1"], ["ens1f0", "ens1f1"]),
    "networks.*.bond.hash_policy": v(ABSENT, "layer2+3", "layer3+4", "encap2+3", "encap3+4"),
    "networks.*.bond.lacp_rate": v(ABSENT, "slow", "fast"),
    "networks.*.nic": v(ABSENT, "eno1", "eno2"),
    "networks.*.router_id": v(ABSENT, 77),
    "networks.*.provider.name": v(ABSENT, "physnet1", "physnet2", services__ovn=True, services__neutron=True),
    "networks.*.provider.flat": v(True, False, services__ovn=True, services__neutron=True),
    "networks.*.provider.vlans": v(ABSENT, [300], ["100-199", 300], services__ovn=True, services__neutron=True),
    "networks.*.routes.[].to": v("172.31.0.0/16", "172.30.0.0/16"),
    "networks.*.routes.[].via": v("FREE", "OTHER"),
    "machines.*.cards": v(ABSENT, {"eno1": "enp1s0"}, {"eno1": "enp2s0"}, networks__management__nic="eno1"),
    "machines.*.nodes.*.cards": v(ABSENT, {"eno1": "enp1s0"}, {"eno1": "enp2s0"}, networks__management__nic="eno1"),
    "firewall_rules.[].name": v("ceph", "agent"),
    "firewall_rules.[].protocol": v("tcp", "udp", "sctp"),
    "firewall_rules.[].ports": v([3300], [3300, "6800-6900"]),
    "firewall_rules.[].sources": v(["storage"], ["192.0.2.0/24"], ["any"]),
    "firewall_rules.[].roles": v(ABSENT, ["compute"], ["controller"]),
    "firewall_rules.[].machines": v(ABSENT, ["cmp-2"], ["ctl-1"]),
    "machines.*.count": v(3, 4),
    "machines.*.without": v(ABSENT, [1]),
    "machines.*.first": v(ABSENT, "10.1.0.200"),
    "machines.*.spread": v("host", "rack", "power", "zone", **{"machines__*__domains": ["a", "b", "c"]}),
    "machines.*.domains": v(["a", "b"], ["b", "a"], **{"machines__*__spread": "rack"}),
    "machines.*.cpus": v(ABSENT, 3, 16),
    "machines.*.memory": v(ABSENT, "2GiB", "64GiB"),
    "machines.*.disks": v({"system": "2GiB"}, {"system": "400GiB"}, {"system": "400GiB", "database": "300MiB"}),
    "machines.*.nodes.*.number": v(7, 8),
    "machines.*.nodes.*.address": v(ABSENT, "10.1.0.222"),
    "machines.*.nodes.*.addresses": v(ABSENT, {"management": "10.1.0.222"}, {"tenant": "10.3.0.222"}),
    "machines.*.nodes.*.host": v(ABSENT, "x", "y"),
    "machines.*.nodes.*.rack": v(ABSENT, "x", "y"),
    "machines.*.nodes.*.power": v(ABSENT, "x", "y"),
    "machines.*.nodes.*.zone": v(ABSENT, "x", "y"),
    "machines.*.nodes.*.cpus": v(ABSENT, 3, 16),
    "machines.*.nodes.*.memory": v(ABSENT, "2GiB", "64GiB"),
    "machines.*.nodes.*.disks": v({"system": "2GiB"}, {"system": "400GiB"}),
    "machines.*.nodes.*.bmc.type": v("redfish", "ipmi"),
    "machines.*.nodes.*.bmc.address": v("10.9.0.1", "10.9.0.2"),
    "domains": v(ABSENT, {"rack": ["a", "b", "c"]}, {"rack": ["a", "c", "b"]}, machines__controller__spread="rack"),
    "availability.target": v(99.0, 99.9999),
    "api.internal_name": v(ABSENT, "api.example.org"),
    "api.public_name": v(ABSENT, "cloud.example.org"),
    "api.certificate.chain": v(ABSENT, "a.pem", "b.pem", api__certificate={"key": "k.pem"}),
    "api.certificate.key": v(ABSENT, "a.pem", "b.pem", api__certificate={"chain": "c.pem"}),
    "api.certificate.authority": v(ABSENT, "a.pem", "b.pem", api__certificate={}),
    "tls.leaf_days": v(ABSENT, 20, 300),
    "secrets.backend": v("file", "age", secrets__recipients=[AGE]),
    "secrets.path": v(ABSENT, "somewhere"),
    "secrets.recipients": v([AGE], [KEY], secrets__backend="age"),
    "state.backend": v("local", "http", "s3", "pg", "consul", state__options={"address": "https://x", "path": "x"}),
    "state.options": v({"bucket": "a", "region": "r"}, {"bucket": "b", "region": "r"}, state__backend="s3"),
    "time.servers": v(ABSENT, ["ntp.example.org"], ["192.0.2.200"]),
    "dns.servers": v(ABSENT, ["192.0.2.53"]),
    "packages.mirror": v("http://a/debian", "http://b/debian", packages__security="http://s/debian-security"),
    "packages.security": v("http://a/security", "http://b/security", packages__mirror="http://m/debian"),
    "packages.proxy": v(ABSENT, "http://a:3128", "http://b:3128"),
    "ssh.user": v(ABSENT, "debian"),
    "ssh.port": v(ABSENT, 2222),
    "ssh.keys": v(ABSENT, [KEY]),
    "ssh.jump": v(ABSENT, "bastion.example.org"),
    "accept.[].rule": v("DOMAIN", "BACKUP", "EOL"),
    "accept.[].reason": v("somebody else watches it", "something else watches it"),
    "accept.[].until": v("2026-11-01", "2027-01-31"),
    "accept.[].concerns": v(ABSENT, "nothing"),
    "services.keystone.workers": v(ABSENT, 3, 4),
    "services.keystone.threads": v(ABSENT, 2, 3),
    "services.keystone.token_seconds": v(ABSENT, 600, 7200),
    "services.keystone.fernet_rotation_hours": v(ABSENT, 2, 100),
    "services.keystone.lockout_failures": v(ABSENT, 5, 6),
    "services.keystone.lockout_seconds": v(ABSENT, 600, 7200),
    "services.keystone.database_read_timeout": v(ABSENT, 7, 9),
    "services.keystone.overrides": v(ABSENT, {"token": {"a": 1}}, {"token": {"a": 2}}, {"new": {"a": 2}}),
    "services.neutron.tenant_network_types": v(
        ["geneve"],
        ["vlan", "geneve"],
        ["geneve", "vlan"],
        networks__external__provider={"vlans": ["100-199"]},
        networks__external__roles=["network", "compute"],
    ),
    "services.neutron.floating_ips": v("centralized", "distributed", networks__external__roles=["network", "compute"]),
    "services.nova-compute.virt_type": v("kvm", "qemu"),
    "services.galera.buffer_pool": v(ABSENT, "300MiB", "500MiB"),
    "services.galera.gcache": v(ABSENT, "300MiB", "500MiB"),
    "services.galera.max_connections": v(ABSENT, 500, 600),
    "services.galera.overrides": v(ABSENT, {"mariadbd": {"long_query_time": 1}}, {"mariadbd": {"long_query_time": 2}}),
    "services.haproxy.connect_timeout": v(ABSENT, 2, 3),
    "services.haproxy.writer_connect_timeout": v(ABSENT, 2, 3),
    "services.haproxy.timeout": v(ABSENT, 20, 30),
    "services.haproxy.request_timeout": v(ABSENT, 20, 30),
    "services.haproxy.keep_alive_timeout": v(ABSENT, 20, 30),
    "services.haproxy.queue_timeout": v(ABSENT, 20, 30),
    "services.haproxy.check_timeout": v(ABSENT, 2, 3),
    "services.haproxy.drain_timeout": v(ABSENT, 20, 30),
    "services.haproxy.connections": v(ABSENT, 2000, 3000),
    "services.haproxy.connections_per_source": v(ABSENT, 20, 30),
    "services.haproxy.new_connections_per_source": v(ABSENT, 20, 30),
    "services.haproxy.passwords_per_source": v(ABSENT, 20, 30),
    "services.haproxy.overrides": v(ABSENT, {"global": ["tune.maxaccept 1"]}, {"global": ["tune.maxaccept 2"]}),
    "services.keepalived.advert_interval": v(ABSENT, 0.5, 1),
    "services.etcd.heartbeat_ms": v(ABSENT, 200, 300),
    "services.etcd.election_ms": v(ABSENT, 2000, 3000),
    "services.firewall.operator_networks": v(ABSENT, ["203.0.113.0/24"]),
    "services.firewall.log_per_minute": v(ABSENT, 20, 30),
    "services.memcached.memory": v(ABSENT, "100MiB", "200MiB"),
    "services.memcached.max_connections": v(ABSENT, 500, 600),
    "services.rabbitmq.memory_limit": v(ABSENT, "2GiB", "3GiB"),
    "services.rabbitmq.disk_free_limit": v(ABSENT, "3GiB", "4GiB"),
    "services.rabbitmq.schedulers": v(ABSENT, 3, 4),
    "services.rabbitmq.overrides": v(ABSENT, {"channel_max": 1}, {"channel_max": 2}),
}
"""Key -> values that are to differ in what they do. `*` is any of a mapping's names, `[]` an entry of a list."""


def derived() -> Iterator[tuple[str, Variation]]:
    """Options of services that are not listed: the least of a number and one more, what is no default, any two overrides or
    words."""
    for service in services.registry():
        for name, field in service.options.model_fields.items():
            key = f"services.{service.name}.{name}"
            if key in LISTED:
                continue
            least = next((one.ge for one in field.metadata if hasattr(one, "ge")), None)
            if name == "overrides":
                yield key, v(ABSENT, {"new": {"a": 1}}, {"new": {"a": 2}})
            elif isinstance(field.default, bool):
                yield key, v(field.default, not field.default)
            elif least is not None:
                yield key, v(least, least + 1)
            elif isinstance(field.default, str):
                yield key, v(ABSENT, "one", "two")
            else:
                yield key, v(ABSENT)


VARIATIONS: Mapping[str, Variation] = {**LISTED, **dict(derived())}

ELSEWHERE: Mapping[str, tuple[str, str]] = {
    # Terraform reads it: tests/stacks/test_backend.py has each back end.
    r"\w+: state\.(backend|options)": ("hacienda/stacks/backend.py", "declared.backend"),
    # A bridge of its own keeps the network apart there: the guide says so.
    r"incus: networks\.\w+\.vlan": ("hacienda/cloud/networks.py", "has_own_bridges(environment)"),
    # Whether one machine carries more than the others together; not where all have the same.
    r"existing: machines\.(?!controller)\w+\.(nodes\.[\w-]+\.)?(cpus|memory|disks)": (
        "hacienda/assess/rules/nplus1.py",
        "node.disks",
    ),
    # Real machines have disks, so no OSD is in a file.
    r"existing: services\.ceph-osd\.file_size": ("hacienda/services/ceph_osd.py", "cloud.platform.containers"),
    # Machines have no address there: it is reserved for instances, and kept apart from other environments'.
    r"\w+: networks\.external\.(cidr|range|gateway)": ("hacienda/assess/claims.py", "_range(network)"),
    # Without failure domains a lab is measured by `hacienda availability` alone.
    r"incus: availability\.target": ("hacienda/cli/availability.py", "target"),
    # Fencing: a rule asks whether a machine has a controller; no service speaks to one yet.
    r"\w+: machines\..+\.bmc\.(type|address)": ("hacienda/assess/rules/fence.py", "bmc"),
}
"""Places whose value changes nothing that is looked at here, as patterns of `platform: path`, each with the module that reads it
and words that are written there. A place that comes in here needs a reader; one that is missing fails."""


REFUSED = {
    *(f"incus: networks.*.{key}" for key in ("bond.mode", "bond.nics", "bond.hash_policy", "bond.lacp_rate", "nic")),
    *(f"incus: machines.*.{key}" for key in ("cards", "nodes.*.cards")),
}
"""Keys that a platform does not have."""


def keys(registry_schema: Mapping[str, Any]) -> Iterator[str]:
    """Every key of the schema that has a value of its own."""
    definitions = registry_schema["$defs"]

    def walk(node: Mapping[str, Any], path: str) -> Iterator[str]:
        if "$ref" in node:
            node = definitions[node["$ref"].removeprefix("#/$defs/")]
        choices = [one for key in ("anyOf", "oneOf") for one in node.get(key, ())]
        for choice in choices:
            yield from walk(choice, path)
        if "properties" in node:
            for name, inner in node["properties"].items():
                found = list(walk(inner, f"{path}.{name}" if path else name))
                yield from found or [f"{path}.{name}" if path else name]
        elif named := [one for one in _values(node) if _is_model(one)]:
            yield from walk(named[0], f"{path}.*")
        elif "items" in node and _is_model(node["items"]):
            yield from walk(node["items"], f"{path}.[]")

    yield from (key for key in walk(registry_schema, "") if not _is_empty(registry_schema, key))


def _is_empty(registry_schema: Mapping[str, Any], key: str) -> bool:
    """A service without options."""
    first, _, name = key.partition(".")
    options = registry_schema["properties"]["services"]["properties"]
    return first == "services" and name in options and not options[name]["anyOf"][0].get("properties")


def _is_model(node: Mapping[str, Any]) -> bool:
    return "$ref" in json.dumps(node)


def _values(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a mapping holds below names of the operator's own."""
    found = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    return [one for one in found if isinstance(one, dict)]


def patterns() -> set[str]:
    """The schema's keys as VARIATIONS writes them."""
    found = set()
    for key in keys(schema(services.registry())):
        parts = key.split(".")
        if parts[0] == "machines":
            parts[1] = "*"
        if parts[0] == "platform" and parts[-1] != "type":
            kind = "existing" if parts[1] in ("known_hosts", "containers") else "incus"
            parts.insert(1, kind)
        found.add(".".join(parts))
    return found


def test_every_key_of_the_schema_is_tried() -> None:
    assert patterns() == VARIATIONS.keys()


@pytest.mark.parametrize("pattern", sorted(dict(derived())))
def test_an_option_has_two_values_to_tell_apart(pattern: str) -> None:
    assert len(VARIATIONS[pattern].values) > 1, f"list two values of {pattern} in LISTED of tests/test_effects.py"


def places(pattern: str) -> Iterator[str]:
    """Where the key is tried."""
    first, _, rest = pattern.partition(".*.")
    if first == "networks":
        for name in NETWORKS:
            yield f"networks.{name}.{rest}"
    elif first == "machines":
        for role, node in ROLES.items():
            # The name of a counted machine is its number.
            yield f"machines.{role}.{rest.replace('*', 'own' + role if rest.endswith('.number') else node)}"
    else:
        yield pattern.replace("platform.incus", "platform").replace("platform.existing", "platform")


def put(data: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a dotted path; ABSENT takes it away."""
    *above, last = path.split(".")
    place: Any = data
    for part in above:
        place = place[0] if part == "[]" else place.setdefault(part, {})
    if value == ABSENT:
        place.pop(last, None)
    else:
        place[last] = value


def value_there(path: str, value: Any) -> Any:
    """FREE, OTHER and RANGE are addresses and a range of the network that the path names."""
    if value not in ("FREE", "OTHER", "RANGE"):
        return value
    base = BASE["networks"][path.split(".")[1]]["cidr"].rpartition(".")[0]
    return {"FREE": f"{base}.7", "OTHER": f"{base}.8"}.get(value, f"{base}.2-{base}.199")


def required(name: str) -> set[str]:
    """Services that an environment has on request alone and without which a service is refused."""
    registry = services.registry()
    found: set[str] = set()
    left = [registry[name]]
    while left:
        providers = [registry.provider(capability) for capability in left.pop().requires]
        new = {one.name for one in providers if one.choice == "on request"} - found
        left += [registry[one] for one in new]
        found |= new
    return found


def written(platform: str, path: str, variation: Variation, value: Any) -> str:
    """The file with one value, as JSON, which is YAML."""
    data: dict[str, Any] = copy.deepcopy({**BASE, "platform": {"type": platform}})
    if path.startswith("accept"):
        data["accept"] = [dict(ACCEPT)]
    if path.startswith("firewall_rules"):
        data["firewall_rules"] = [{"name": "ceph", "ports": [3300], "sources": ["storage"]}]
    if ".routes." in path:
        put(data, path.partition(".[]")[0], [{"to": "172.29.0.0/16", "via": value_there(path, "FREE")}])
    if path.startswith("services."):
        for name in sorted(required(path.split(".")[1])):
            put(data, f"services.{name}", True)
    role = path.split(".")[1] if path.startswith("machines.") else ""
    for beside, extra in variation.beside.items():
        put(data, beside.replace("*", role), extra)
    if ".bond." in path:
        put(data, path.rpartition(".")[0], dict(BOND))
    if ".bmc." in path:
        put(data, path.rpartition(".")[0], {"type": "redfish", "address": "10.9.0.9"})
    put(data, path, value_there(path, value))
    return json.dumps(data)


Shown = tuple[tuple[str, Any], ...]


@cache
def effect(text: str) -> Shown | str:
    """All that an environment does: what is rendered, what Terraform is given, what is kept, what is found. A text: why it is
    refused."""
    registry = services.registry()
    try:
        reading = examine(*parse(text.encode(), "x"), registry)
        if reading.problems:
            raise InputError(reading.problems)
        cloud = resolve(reading.environment, registry)
    except InputError as error:
        return "\n".join(sorted({problem.where for problem in error.problems}))
    outputs = {node.name: cloudinit.render(cloud, node, "") for node in cloud.nodes}
    made = {name: (one.user_data, one.network_config, one.bundle_hash) for name, one in outputs.items()}
    found = [
        (f.rule, f.severity, f.where, f.reason, f.fix, str(f.acceptance))
        for f in assess.findings(assess.Subject(cloud, DAY))
    ]
    needs = cloudinit.needs(cloud)
    # Failure domains are what assessments and pictures are about, and nothing else.
    domains = picture(cloud).place
    return (
        ("nodes", made),
        ("domains", domains),
        ("needs", needs),
        ("terraform", _terraform(cloud, outputs)),
        ("findings", found),
    )


def _terraform(cloud: Cloud, outputs: Mapping[str, cloudinit.NodeOutput]) -> list[Any]:
    places_of = Places(Path("/project"), Path("/project/out"), cloud.name)
    platform = platform_of(cloud.platform, places_of.from_stack)
    output = EnvironmentOutput(cloud, places_of, outputs)
    found: list[Any] = [
        str(cloudinit.store_spec(cloud, places_of.root)),
        *(one.attributes() for one in platform.foundation()),
    ]
    found += [one.attributes() for network in cloud.networks for one in platform.network(network)]
    for node in cloud.nodes:
        on = [network for network in cloud.networks if network.name in node.addresses]
        handle = platform.machine(node, on, output.first_boot(node))
        found += [one.attributes() for one in handle.declarations]
        found.append(member_resource(output, node, handle, platform.trust).attributes())
    return found


def without_effect(platform: str, pattern: str) -> tuple[list[str], list[str]]:
    """Places where another value does the same, and places where no two values are accepted."""
    variation = VARIATIONS[pattern]
    dead, refused = [], []
    for path in places(pattern):
        shown = [effect(written(platform, path, variation, value)) for value in variation.values]
        accepted = [one for one in shown if not isinstance(one, str)]
        if len(accepted) < 2:
            refused.append(f"{platform}: {path}")
        elif any(one == other for one, other in combinations(accepted, 2)):
            dead.append(f"{platform}: {path}")
    return dead, refused


APPLIES = {
    "platform.incus": ("incus",),
    "platform.existing": ("existing",),
}
CASES = [
    (platform, pattern)
    for pattern in VARIATIONS
    for platform in PLATFORMS
    if platform in next((on for start, on in APPLIES.items() if pattern.startswith(start)), PLATFORMS)
]


ONLY = {"release", "operating_system", "high_availability", "platform.type", "secrets.backend"}
"""Keys with one value, or whose values each want something else beside them."""


@pytest.mark.long
@pytest.mark.parametrize(("platform", "pattern"), CASES)
def test_every_value_does_something_or_is_refused(platform: str, pattern: str) -> None:
    dead, refused = without_effect(platform, pattern)
    assert [place for place in dead if not any(re.fullmatch(known, place) for known in ELSEWHERE)] == []
    if pattern not in ONLY and f"{platform}: {pattern}" not in REFUSED:
        assert len(refused) < len(list(places(pattern))), f"no two values of {pattern} are accepted: nothing was tried"


@pytest.mark.parametrize("known", ELSEWHERE)
def test_what_has_its_effect_elsewhere_has_a_reader(known: str) -> None:
    reader, words = ELSEWHERE[known]
    assert words in (ROOT / reader).read_text()
