"""The platform `existing`: machines that were there before, with the operator's key and host keys in a file, over real SSH."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda import lab as host
from tests.lab.cloud import CONTROLLERS, Lab
from tests.lab.test_blanked import IMAGE

ENVIRONMENT = "yard"
BRIDGE = "yard"
HOSTS = {node: f"10.79.0.{11 + number}" for number, node in enumerate(CONTROLLERS)}
FILE = """
name: yard
platform: {{type: existing, known_hosts: {known_hosts}, containers: true}}
networks:
  management: {{cidr: 10.79.0.0/24, gateway: 10.79.0.1, vip: 10.79.0.10}}
machines:
  controller: 3
"""


def first_boot(key: str, address: str) -> dict[str, str]:
    """What an operator's own installer would do: an address, and a key for root."""
    user = {"disable_root": False, "users": [{"name": "root", "ssh_authorized_keys": [key]}]}
    card = {"addresses": [f"{address}/24"], "routes": [{"to": "0.0.0.0/0", "via": "10.79.0.1"}]}
    return {
        "cloud-init.user-data": "#cloud-config\n" + json.dumps(user),
        "cloud-init.network-config": json.dumps({"version": 2, "ethernets": {"eth0": card}}),
    }


@pytest.fixture
def yard(lab: Lab, tmp_path: Path) -> Iterator[Lab]:
    """Three machines that we did not make, and a project's folder with the environment file of them."""
    known_hosts = tmp_path / "known_hosts"
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments/yard.yaml").write_text(FILE.format(known_hosts=known_hosts))
    yard = Lab(tmp_path, ENVIRONMENT, "10.79.0.10")
    yard.hacienda("secrets", "init", ENVIRONMENT)
    private = tmp_path / f".hacienda/{ENVIRONMENT}/secrets/ssh/id_ed25519"
    key = subprocess.run(["ssh-keygen", "-y", "-f", str(private)], capture_output=True, text=True, check=True).stdout
    host.prepare(ENVIRONMENT)
    yard.incus("network", "create", BRIDGE, "ipv4.address=10.79.0.1/24", "ipv4.nat=true", "ipv6.address=none")
    for node, address in HOSTS.items():
        device = {"eth0": {"type": "nic", "nictype": "bridged", "parent": BRIDGE, "name": "eth0"}}
        machine = {"config": first_boot(key.strip(), address), "devices": device}
        yard.incus("launch", IMAGE, node, stdin=json.dumps(machine))
    for node in HOSTS:
        yard.on(node, "cloud-init", "status", "--wait", timeout=120)
    keys = [f"{HOSTS[node]} {yard.on(node, 'cat', '/etc/ssh/ssh_host_ed25519_key.pub')}" for node in HOSTS]
    known_hosts.write_text("".join(keys))
    yield yard
    host.teardown(ENVIRONMENT)


def test_machines_that_exist_become_a_cloud_and_stay_one(lab: Lab, yard: Lab) -> None:
    known_hosts = yard.root / "known_hosts"
    right = known_hosts.read_text()
    key = right.split()[2]
    known_hosts.write_text(right.replace(key, key[:-16] + secrets.token_hex(8)))
    refused = yard.hacienda("apply", ENVIRONMENT, "--yes", check=False)
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert "Host key verification failed" in refused.stdout + refused.stderr
    assert "hacienda" not in yard.on("ctl-1", "ls", "/usr/lib").split()

    known_hosts.write_text(right)
    done = yard.hacienda("apply", ENVIRONMENT, "--yes")
    lab.note("platform existing, over SSH: applied in", float(done.stdout.split(" applied in ")[1].split()[0]))
    assert yard.healthy(), yard.hacienda("status", ENVIRONMENT, check=False).stdout
    keystone = yard.keystone()
    assert keystone.valid(keystone.issue())
    yard.apply_changes_nothing()
