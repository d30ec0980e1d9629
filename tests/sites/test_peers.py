"""Every pair of peers that must talk can: in what ships, in the examples, and in nine environments of real sites."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from hacienda import cloud as clouds
from hacienda import cloudinit, services
from hacienda.cloud.model import Cloud
from hacienda.cloudinit.rendered import RenderedFile
from tests import shipped
from tests.sites import listeners
from tests.sites.flows import Flow, flows, servers
from tests.sites.nftables import Ruleset

SITES = sorted((Path(__file__).parent / "environments").glob("*.yaml"))
CASES = Path(__file__).parent / "cases"
ALL = (*shipped.environments(), *SITES, CASES / "vip-on-public-only.yaml", CASES / "gateway-without-effect.yaml")
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


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_client_is_let_in(path: Path) -> None:
    _, files = rendered(path)
    assert cut(path, {name: files[name][RULES].text for name in files}) == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_client_finds_a_listener(path: Path) -> None:
    cloud, files = rendered(path)
    asked = {(f.server, f.service, f.port, f.packet.destination) for f in flows(cloud) if f.packet is not None}
    assert len(asked) > 10
    for server, service, port, address in sorted(asked):
        number = cloud.registry[service].port(port).number
        assert listeners.listens(files[server], service, port, number, address), (server, service, port, address)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_declared_port_has_a_client(path: Path) -> None:
    """A service whose clients nobody thought of would pass."""
    cloud, _ = rendered(path)
    asked = {(flow.service, flow.port) for flow in flows(cloud)}
    declared = {(service.name, port.name) for service in cloud.services for port in service.ports}
    alone = {
        (service.name, port.name)
        for service in cloud.services
        for port in service.ports
        if port.clients == "peers" and len(cloud.members(service.name)) == 1
    }
    assert declared - alone <= asked


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
