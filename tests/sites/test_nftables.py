"""The evaluator of rules agrees with the kernel, and reads nothing that it does not understand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloud import read
from tests import programs
from tests.services import composed
from tests.sites import kernel
from tests.sites.flows import STRANGER, flows
from tests.sites.nftables import Packet, Ruleset

CASES = Path(__file__).parent / "cases"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="nftables in a network of its own needs root")


def rules(name: str, node: str) -> str:
    cloud = read(CASES / f"{name}.yaml", services.registry())
    return composed.rendered(cloud, "firewall", node)["/etc/nftables.conf"].text


def test_what_it_does_not_know_it_refuses() -> None:
    text = rules("vip-on-public-only", "ctl-1")
    for line in ("tcp sport 22 accept", "ip saddr 10.0.0.1 queue", "meta mark 7 accept"):
        with pytest.raises((ValueError, IndexError)):
            Ruleset(text.replace('iif "lo" accept', f'iif "lo" accept\n        {line}'))
    with pytest.raises(ValueError, match="drops"):
        Ruleset(text.replace("policy drop", "policy accept"))


@AS_ROOT
def test_the_kernel_agrees(tmp_path: Path) -> None:
    """Real connections into a network namespace with the rendered rules: from every address that a client may have, and from
    others, to every port that is declared, and to others."""
    programs.needed("ip", "nft")
    name = "vip-on-public-only"
    cloud = read(CASES / f"{name}.yaml", services.registry())
    node = cloud.node("ctl-1")
    text = rules(name, "ctl-1")
    ours = {vip.address for vip in cloud.virtual_ips} | set(node.addresses.values())
    asked = {flow.packet for flow in flows(cloud) if flow.server == "ctl-1" and flow.packet is not None}
    sources = {STRANGER, IPv4Address("203.0.113.200"), IPv4Address("10.1.0.250")}
    declared = {(packet.protocol, packet.port) for packet in asked if packet.port} | {("tcp", 8080), ("udp", 5353)}
    others = {Packet(a, b, protocol, port) for a in sources for b in ours for protocol, port in declared}
    strays = {replace(p, stray=True) for p in asked}
    far = {replace(p, ttl=254) for p in asked if p.protocol == "vrrp"}
    packets = sorted(
        (p for p in asked | others | strays | far if p.source not in ours),
        key=lambda p: (p.source, p.destination, p.protocol, p.port, p.stray, p.ttl),
    )
    assert far < set(packets)
    ruleset = Ruleset(text)
    expected = {str(packet): ruleset.verdict(packet) for packet in packets}
    assert {"accept", "reject", "drop"} == set(expected.values())
    (tmp_path / "rules").write_text(text)
    (tmp_path / "packets").write_text(json.dumps([kernel.written(packet) for packet in packets]))
    done = subprocess.run(
        ["unshare", "--net", "--mount", sys.executable, kernel.__file__, programs.path("nft") or "", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    answers = dict(zip(expected, json.loads(done.stdout), strict=True))
    assert answers == expected
