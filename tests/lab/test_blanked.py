"""Two of three controllers lose their disks. They must not found a second cloud beside the data of the third."""

from __future__ import annotations

import json
import re
import subprocess
import time

from tests.lab.clients import Client, Keystone, SqlWriter
from tests.lab.cloud import CONTROLLERS, Lab

IMAGE = "hacienda-debian-13"
TEMPTED = 60
"""Seconds in which the blank ones could found something; the whole founding of a lab takes about as long."""


def restore(lab: Lab, service: str, node: str) -> None:
    """Types what the service's page says under "Restoring", as soon as the node has tried to start it by itself."""
    text = (lab.root / f"docs/services/{service}.md").read_text().partition("\n## Restoring\n")[2]
    commands = re.findall(r"^    (.+)$", text.partition("\n## ")[0].partition("\n\nBlank")[0], re.MULTILINE)
    assert commands, f"docs/services/{service}.md has no commands under Restoring"
    unit = {"etcd": "etcd", "rabbitmq": "rabbitmq-server"}[service]
    end = time.monotonic() + TEMPTED
    while not tried(lab, node, unit) and time.monotonic() < end:
        time.sleep(1)
    assert tried(lab, node, unit), f"{unit} was not even tried on {node}"
    lab.on(node, "bash", "-ec", "\n".join(commands), timeout=120)


def tried(lab: Lab, node: str, unit: str) -> bool:
    """Whether a unit is up, or on its way."""
    return answers(
        lab, node, "sh", "-c", f"systemctl show --property=ActiveState --value {unit} | grep -Eq '^activ(e|ating)$'"
    )


def cluster_id(lab: Lab) -> str:
    """The etcd cluster on record."""
    return str(json.loads((lab.root / ".hacienda/lab/cluster.json").read_text())["etcd"])


def answers(lab: Lab, node: str, *command: str) -> bool:
    """Whether a command succeeds on a node."""
    try:
        lab.on(node, *command)
    except subprocess.CalledProcessError:
        return False
    return True


def founded(lab: Lab, node: str) -> list[str]:
    """Clusters that serve on a node."""
    asked = {
        "etcd": "test -e /var/lib/etcd/default/member && ss -Hltn sport = :2379 | grep -q .",
        "galera": "mariadb -BNe \"SHOW STATUS LIKE 'wsrep_cluster_status'\" | grep -qw Primary",
        "rabbitmq": "rabbitmqctl --quiet await_startup --timeout 2",
    }
    return [cluster for cluster, question in asked.items() if answers(lab, node, "sh", "-c", question)]


def test_two_blanked_controllers_never_found_a_second_cluster(
    healthy: Lab, writer: SqlWriter, keystone: Keystone
) -> None:
    kept, blanked = CONTROLLERS[2], CONTROLLERS[:2]
    before, token = cluster_id(healthy), keystone.issue()
    with Client(writer) as client:
        assert client.wait_for_more(40, 20)
    healthy.power_cut_all()
    for node in blanked:
        healthy.incus("rebuild", IMAGE, node)
        healthy.power_on(node)
    for node in blanked:  # a machine that does not answer yet counts as it was, and nothing would be delivered to it
        healthy.on(node, "cloud-init", "status", "--wait", timeout=120)
    done = healthy.terraform(
        "controller", "apply", "-auto-approve", "-no-color", *(f"-target=hacienda_member.{node}" for node in blanked)
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "2 added" in done.stdout, done.stdout[-3000:]
    time.sleep(TEMPTED)
    assert {node: founded(healthy, node) for node in blanked} == {node: [] for node in blanked}

    # The third one's data comes back, and is what the cloud goes on with.
    healthy.power_on(kept)
    restore(healthy, "etcd", kept)
    restore(healthy, "rabbitmq", kept)
    healthy.note("two blanked, the third one restored by hand: well again after", healthy.wait_until_healthy())
    healthy.hacienda("apply", "lab", "--yes")
    assert cluster_id(healthy) == before
    assert set(client.felt.acknowledged) <= writer.rows()
    assert keystone.valid(token), "a token issued before is refused"
    healthy.apply_changes_nothing()
