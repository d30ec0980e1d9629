"""Every pair of peers that must talk can: in what ships, in the examples, and in nine environments of real sites."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda import cloud as clouds
from hacienda import cloudinit, services
from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare.network import CONTROL
from tests import lanes, shipped
from tests.services import composed
from tests.sites import listeners
from tests.sites.flows import STRANGER, Flow, flows, servers
from tests.sites.nftables import Packet, Ruleset

SITES = sorted((Path(__file__).parent / "environments").glob("*.yaml"))
CASES = Path(__file__).parent / "cases"
ALL = (*shipped.environments(), *SITES, CASES / "vip-on-public-only.yaml", CASES / "gateway-without-effect.yaml")
EVERY = lanes.first(ALL, lambda path: path.stem != "large")
RULES = "/etc/nftables.conf"


@functools.cache
def rendered(path: Path) -> tuple[Cloud, dict[str, dict[str, RenderedFile]]]:
    """The cloud, and the files of every machine that stands for servers."""
    cloud = clouds.read(path, services.registry())
    made = {node.name: cloudinit.render(cloud, node, "").files for node in servers(cloud)}
    return cloud, {name: {file.path: file for file in files} for name, files in made.items()}


def cut(path: Path, texts: dict[str, str]) -> list[Flow]:
    """Flows that these rules do not let in, by machine, or that have no route."""
    rules = {name: Ruleset(text) for name, text in texts.items()}
    return [
        flow
        for flow in flows(rendered(path)[0])
        if flow.server in rules and (flow.packet is None or rules[flow.server].verdict(flow.packet) != "accept")
    ]


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_every_client_is_let_in(path: Path) -> None:
    _, files = rendered(path)
    assert cut(path, {name: files[name][RULES].text for name in files}) == []


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_every_client_finds_a_listener(path: Path) -> None:
    cloud, files = rendered(path)
    asked = {(f.server, f.service, f.port, f.packet.destination) for f in flows(cloud) if f.packet is not None}
    assert len(asked) > 6
    for server, service, port, address in sorted(asked):
        number = cloud.registry[service].port(port).number
        assert listeners.listens(files[server], service, port, number, address), (server, service, port, address)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_every_declared_port_has_a_client(path: Path) -> None:
    """A service whose clients nobody thought of would pass."""
    cloud, _ = rendered(path)
    asked = {(flow.service, flow.port) for flow in flows(cloud)}
    declared = {(service.name, port.name) for service in cloud.services for port in service.ports}
    alone = {
        (service.name, port.name)
        for service in cloud.services
        for port in service.ports
        if port.clients in CONTROL and len(cloud.members(service.name)) == 1
    }
    assert declared - alone <= asked


def intruders(cloud: Cloud, server: Node) -> Iterator[Packet]:
    """To every port over which members control one another, at every address that a machine has or may hold: from every machine's
    address outside management, from strangers on every network, and with a management address from another network or through a
    router."""
    elsewhere = [network for network in cloud.networks if network is not cloud.management]
    sources = {node.addresses[one.name] for node in servers(cloud) for one in elsewhere if one.name in node.addresses}
    sources |= {vip.address for vip in cloud.virtual_ips if vip.network != cloud.management.name}
    sources |= {one.cidr[-2] for one in cloud.networks} | {STRANGER}
    lies = {cloud.address(node) for node in servers(cloud)} | {cloud.management.cidr[-2]}
    lies |= {vip.address for vip in cloud.virtual_ips if vip.network == cloud.management.name}
    for port in (one for service in cloud.services for one in service.ports if one.clients in CONTROL):
        for target in {*server.addresses.values(), *(vip.address for vip in cloud.virtual_ips)}:
            to = (target, port.protocol, 0 if port.protocol == "vrrp" else port.number)
            yield from (Packet(source, *to) for source in sources)
            yield from (Packet(source, *to, stray=True) for source in lies)
            if port.protocol == "vrrp":
                yield from (Packet(source, *to, ttl=254) for source in lies)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_no_control_port_is_open_to_strangers_nor_from_outside_management(path: Path) -> None:
    cloud, files = rendered(path)
    for server in servers(cloud):
        rules = Ruleset(files[server.name][RULES].text)
        asked = list(intruders(cloud, server))
        assert len(asked) > 10
        assert [packet for packet in asked if rules.verdict(packet) == "accept"] == []


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_what_is_balanced_answers_load_balancers_alone(path: Path) -> None:
    """They bound what each source may take: nobody goes past them."""
    cloud, files = rendered(path)
    balancers = {node.name for node in cloud.members("haproxy")}
    others = {address for node in servers(cloud) if node.name not in balancers for address in node.addresses.values()}
    others |= {cloud.management.cidr[-2], STRANGER}
    for server in servers(cloud):
        rules = Ruleset(files[server.name][RULES].text)
        behind = {service.port(front.port).number for service in cloud.running(server) for front in service.frontends}
        reached = [
            (source, target, number)
            for number in behind
            for source in others
            for target in server.addresses.values()
            if rules.verdict(Packet(source, target, "tcp", number)) == "accept"
        ]
        assert reached == []


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_advertisements_leave_by_management_alone(path: Path) -> None:
    cloud, files = rendered(path)
    for server in cloud.members("keepalived"):
        conf = files[server.name]["/etc/keepalived/keepalived.conf"].text
        cards = dict(one.split("=") for one in composed.fact(cloud, "keepalived", "INTERFACES", server.name).split())
        used = set(re.findall(r"^    interface \$(\w+)$", conf, flags=re.MULTILINE))
        assert {cards[one] for one in used} <= {str(cloud.address(server))}
        spoken = set(re.findall(r"^        ([\d.]+) min_ttl 255", conf, flags=re.MULTILINE))
        assert spoken <= {str(cloud.address(peer)) for peer in cloud.peers("keepalived", server)}
        ids = re.findall(r"virtual_router_id (\d+)", conf)
        assert len(set(ids)) == len(ids) == len(cloud.virtual_ips)
        for vip in cloud.virtual_ips:
            card = re.search(rf"^        {vip.address}/32 dev \$(\w+)$", conf, flags=re.MULTILINE)
            assert card is not None
            assert cards[card[1]] == str(server.addresses.get(vip.network, cloud.address(server)))
            watched = f"        ${card[1]}\n" in conf
            assert watched == (card[1] not in used)


@pytest.mark.parametrize("path", [*SITES, CASES / "vip-on-public-only.yaml"], ids=lambda path: path.stem)
def test_without_any_one_rule_somebody_is_cut_off(path: Path) -> None:
    """The property can fail, and no rule is there for nobody."""
    cloud, files = rendered(path)
    name = cloud.role("controller")[0].name
    text = files[name][RULES].text
    lines = [line for line in text.splitlines() if " accept" in line and line.strip().startswith("ip ")]
    lines = [line for line in lines if "@operators" not in line or cloud.option("firewall").operator_networks]  # type: ignore[attr-defined]
    assert len(lines) > 5
    for line in lines:
        assert text.count(line) == 1
        assert cut(path, {name: text.replace(line, "")}), line
