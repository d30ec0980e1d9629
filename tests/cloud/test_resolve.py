"""What resolution derives: networks, virtual IPs, addresses, services, failure domains."""

from __future__ import annotations

import tempfile
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any, get_args

import pytest

from hacienda.cloud import read
from hacienda.cloud.blocks import LARGE, SMALL, block
from hacienda.cloud.model import ABBREVIATIONS, Network
from hacienda.declare import DeclarationError, Role
from hacienda.environment.machines import Machines
from hacienda.errors import InputError
from tests.cloud.samples import LAB, REGISTRY, cloud, machines


def net(cidr: str) -> Network:
    network = IPv4Network(cidr)
    return Network("n", network, frozenset({"management"}), (network[1], network[-2]))


def test_the_lab_is_where_everybody_expects_it() -> None:
    lab = cloud(LAB)
    assert [(n.name, str(n.addresses["management"])) for n in lab.nodes] == [
        ("ctl-1", "10.77.0.11"),
        ("ctl-2", "10.77.0.12"),
        ("ctl-3", "10.77.0.13"),
    ]
    assert lab.domain == "lab.internal"
    assert lab.management.gateway == IPv4Address("10.77.0.1")
    assert lab.platform.options["project"] == "hacienda-lab"
    assert lab.platform.containers


def test_roles_are_the_same_everywhere() -> None:
    roles = set(ABBREVIATIONS)
    assert roles == set(Machines.model_fields) == set(get_args(Role))
    assert roles == set(SMALL) == set(LARGE)


@pytest.mark.parametrize("plan", [SMALL, LARGE])
def test_blocks_do_not_overlap(plan: dict[Role, tuple[int, int]]) -> None:
    ends = sorted((offset, offset + size) for offset, size in plan.values())
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))


@pytest.mark.parametrize(("cidr", "computes"), [("10.0.0.0/24", 154), ("10.0.0.0/21", 1534), ("10.0.0.0/16", 9999)])
def test_a_network_has_room_for_so_many_computes(cidr: str, computes: int) -> None:
    assert block(net(cidr), "compute").size == computes


def test_a_range_moves_the_blocks() -> None:
    found = machines("controller: 2", "cidr: 10.0.0.0/24, vip: 10.0.0.100, range: 10.0.0.100-10.0.0.200")
    assert [str(node.addresses["management"]) for node in found.nodes] == ["10.0.0.111", "10.0.0.112"]


def test_first_moves_one_role() -> None:
    found = machines("controller: 2\ncompute: {count: 2, first: 10.77.0.200}")
    assert [str(node.addresses["management"])[-3:] for node in found.nodes] == [".11", ".12", "200", "201"]


def test_one_virtual_ip_serves_both_scopes() -> None:
    lab = cloud(LAB)
    [vip] = lab.virtual_ips
    assert (vip.scopes, vip.hostname, vip.router_id) == (("internal", "public"), "internal.lab.internal", 10)
    assert lab.endpoint("keystone", "api", "public") == ("internal.lab.internal", 5000)


def test_two_virtual_ips_serve_a_scope_each() -> None:
    found = cloud(LAB.replace("machines:", "  public: {cidr: 192.0.2.0/24, vip: 192.0.2.9}\n    machines:"))
    internal, public = found.virtual_ip("internal"), found.virtual_ip("public")
    assert internal is not None
    assert public is not None
    assert (internal.hostname, public.hostname) == ("internal.lab.internal", "public.lab.internal")
    assert (internal.router_id, public.router_id) == (10, 9)


def test_machines_are_on_the_networks_of_their_role() -> None:
    more = """
    networks:
      management: {cidr: 10.0.0.0/24, vip: 10.0.0.5}
      storage: {cidr: 10.1.0.0/24}
      tenant: {cidr: 10.2.0.0/24, roles: [compute, monitoring]}
      external: {cidr: 10.3.0.0/24}
    """
    text = f"name: t\n{dedent(more)}\nmachines: {{controller: 1, network: 1, compute: 1, monitoring: 1}}"
    on = {node.name: set(node.addresses) for node in cloud(text).nodes}
    assert on == {
        "ctl-1": {"management", "storage"},
        "net-1": {"management"},
        "cmp-1": {"management", "storage", "tenant"},
        "mon-1": {"management", "tenant"},
    }


def test_a_purpose_that_does_not_exist_is_not_management() -> None:
    misspelt: Any = "storag"
    lab = cloud(LAB)
    assert lab.network("storage") is lab.management
    with pytest.raises(DeclarationError, match="no purpose 'storag'; did you mean 'storage'"):
        lab.network(misspelt)
    with pytest.raises(DeclarationError, match="no purpose 'storag'"):
        lab.address(lab.node("ctl-1"), misspelt)


@pytest.mark.parametrize(("platform", "vlan"), [("incus", None), ("existing", 30)])
def test_a_network_with_a_bridge_of_its_own_needs_no_tag(platform: str, vlan: int | None) -> None:
    text = f"""
    name: tagged
    platform: {platform}
    networks:
      management: {{cidr: 10.0.0.0/24, vip: 10.0.0.5}}
      storage: {{cidr: 10.1.0.0/24, vlan: 30}}
    machines: {{controller: 3}}
    """
    assert cloud(text).network("storage").vlan == vlan


@pytest.mark.parametrize(
    ("platform", "containers"),
    [("incus", True), ("existing", False), ("{type: existing, containers: true}", True)],
)
def test_machines_are_containers_where_the_platform_says_so(platform: str, containers: bool) -> None:
    text = f"""
    name: shared
    platform: {platform}
    networks:
      management: {{cidr: 10.0.0.0/24, vip: 10.0.0.5}}
    machines: {{controller: 3}}
    """
    assert cloud(text).platform.containers is containers


def test_nodes_run_the_services_of_their_role_in_start_order() -> None:
    found = machines("controller: 2\narbiter: 1\ncompute: 1")
    runs = {node.name: node.services for node in found.nodes}
    assert runs["arb-1"] == ("chrony", "etcd")
    assert set(runs["cmp-1"]) == {"chrony", "hypervisor", "exporter"}
    order = runs["ctl-1"]
    assert order.index("etcd") < order.index("galera") < order.index("keystone")
    assert len(found.members("etcd")) == 3
    assert [node.name for node in found.peers("galera", found.node("ctl-1"))] == ["ctl-2"]
    assert found.voters(found.node("arb-1")) == {"etcd": 1}


def test_counted_machines_take_turns_over_the_domains() -> None:
    found = machines("controller: {count: 4, without: [2], spread: rack}", more="domains: {rack: [a, b, c]}")
    assert [(node.name, node.domains["rack"]) for node in found.nodes] == [
        ("ctl-1", "a"),
        ("ctl-3", "c"),
        ("ctl-4", "a"),
    ]


def test_a_named_machine_overrides_its_group() -> None:
    text = """
    controller: 1
    storage:
      memory: 64GiB
      disks: {osd: 1TiB, system: 100GiB}
      nodes:
        big: {number: 4, memory: 1TiB, disks: {osd: 2TiB}, zone: z, bmc: {type: redfish, address: 10.9.0.1}}
        sto-2:
    """
    found = machines(text, more="platform: existing")
    small, big = found.node("sto-2"), found.node("big")
    assert (small.number, small.memory) == (2, 64 * 1024**3)
    assert (big.number, big.memory, big.disks["osd"], big.disks["system"]) == (4, 1024**4, 2 * 1024**4, 100 * 1024**3)
    assert big.domains == {"zone": "z"}
    assert big.bmc is not None
    assert big.bmc.address == "10.9.0.1"


def test_a_pinned_address_gives_a_number_and_the_same_host_elsewhere() -> None:
    text = """
    name: t
    networks:
      management: {cidr: 10.0.0.0/24, vip: 10.0.0.5}
      storage: {cidr: 10.1.0.0/24}
    machines:
      controller: 1
      storage: {nodes: {inside: {address: 10.0.0.64}, outside: {address: 10.0.0.7}}}
    """
    found = cloud(text)
    assert (found.node("inside").number, found.node("outside").number) == (4, 7)
    assert str(found.node("inside").addresses["storage"]) == "10.1.0.64"
    assert str(found.node("outside").addresses["storage"]) == "10.1.0.7"


def test_a_single_controller_needs_no_virtual_ip() -> None:
    found = machines("controller: 1", "cidr: 10.77.0.0/24")
    assert found.endpoint("keystone", "api") == ("ctl-1.test.internal", 5000)


def test_a_gateway_can_be_left_out() -> None:
    assert machines("controller: 1", "cidr: 10.77.0.0/24, gateway: none").management.gateway is None


def test_overflow_is_told_once_per_network() -> None:
    with pytest.raises(InputError) as raised:
        machines("controller: 3\ncompute: 5000")
    assert len(raised.value.problems) == 1


def test_five_thousand_computes_fit_a_sixteen_and_a_nineteen() -> None:
    for cidr in ("10.0.0.0/16", "10.0.0.0/19"):
        found = machines("controller: 3\ncompute: 5000", f"cidr: {cidr}, vip: 10.0.0.5")
        assert len(found.role("compute")) == 5000


def told(text: str) -> tuple[list[str], tuple[str, ...]]:
    """Fields with problems, in the order of the file, and what was not looked at."""
    with pytest.raises(InputError) as raised:
        resolve_all(text)
    return [problem.where for problem in raised.value.problems], raised.value.unseen


def resolve_all(text: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(dedent(text))
        file.flush()
        read(Path(file.name), REGISTRY)


ROUNDS = """
name: rounds
platform: existing
networks:
  management: {cidr: 10.1.0.0/24, vip: 10.1.0.5, mtu: %s}
  public: {cidr: 203.0.113.0/24, vip: %s}
machines:
  controller:
    count: %s
    nodes:
      a: {address: 10.1.0.11}
      b: {address: 10.1.0.11}
      c: {address: 10.9.0.13}
services:
  haproxy: {connexions: 443}
"""


def test_mistakes_of_networks_machines_and_services_are_told_at_once() -> None:
    where, unseen = told(ROUNDS % (1500, "203.0.113.0", 0))
    assert {"networks.public.vip", "machines.controller.nodes.c.address", "services.haproxy.connexions"} <= set(where)
    assert "machines.controller.nodes.b.address" in where
    assert unseen == ()


def test_what_a_mistake_hides_is_named() -> None:
    assert told(ROUNDS % (15, "203.0.113.7", 0)) == (
        ["networks.management.mtu", "services.haproxy.connexions"],
        ("The machines were not checked, because they depend on the networks. They may have more errors.",),
    )
    where, unseen = told(ROUNDS % (1500, "203.0.113.0", -1))
    assert where == ["networks.public.vip", "machines.controller.count", "services.haproxy.connexions"]
    assert unseen == ("The machines were not checked against each other, because some of their entries are invalid.",)
