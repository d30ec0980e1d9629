"""Names, addresses and VRRP ids of the shipped environments: a public contract. A changed line here moves a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloud import Cloud, read
from hacienda.environment import shipped

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
ENVIRONMENTS = shipped(ROOT)


def contract(cloud: Cloud) -> str:
    """One line for each virtual IP and machine."""
    lines = [f"{vip.hostname} {vip.address} id={vip.router_id} {'+'.join(vip.scopes)}" for vip in cloud.virtual_ips]
    for node in cloud.nodes:
        addresses = " ".join(f"{name}={address}" for name, address in node.addresses.items())
        domains = "".join(f" {kind}:{name}" for kind, name in sorted(node.domains.items()))
        lines.append(f"{node.name} #{node.number} {addresses}{domains}")
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_names_and_addresses_stay(name: str) -> None:
    assert contract(read(ENVIRONMENTS[name], services.registry())) == (GOLDEN / f"{name}.txt").read_text()


def test_every_environment_has_its_golden_file() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(ENVIRONMENTS)
