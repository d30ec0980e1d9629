"""networkd restarts with every security update of systemd; the virtual IP is not its to remove."""

from __future__ import annotations

import time

from tests.lab.clients import Client, SqlWriter
from tests.lab.cloud import VIP, Lab

WATCHED = "/run/drill-addresses"
"""What `ip monitor` saw on the machine."""


def test_networkd_restarts_and_the_virtual_ip_stays(healthy: Lab, writer: SqlWriter) -> None:
    (holder,) = healthy.holders()
    link = "/etc/systemd/network/*.network.d/60-hacienda.conf"
    assert "KeepConfiguration=static" in healthy.on(holder, "sh", "-c", f"cat {link}")
    with Client(writer) as client:
        assert client.wait_for_more(20, 20)
        healthy.on(holder, "sh", "-c", f"timeout 10 ip -o monitor address >{WATCHED} 2>&1 &")
        for command in (("systemctl", "restart", "systemd-networkd"), ("networkctl", "reconfigure", "eth0")):
            healthy.on(holder, *command)
            time.sleep(3)
        seen = healthy.on(holder, "cat", WATCHED)
        assert client.wait_for_more(20, 20)
    assert not [line for line in seen.splitlines() if line.startswith("Deleted") and VIP in line], seen
    assert healthy.holders() == (holder,)
    healthy.note("networkd restarts on the VIP holder: longest write outage", client.felt.outage())
    assert client.felt.outage() <= 1.0
