"""keepalived: one instance per virtual IP, no fail-back, and what verify says."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hacienda import services
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {
    "advert_int": Found(r"^\s+advert_int (\S+)$"),
    "priority": Found(r"^\s+priority (\d+)$"),
    **{f"script {what}": Found(rf"^\s+{what} (\d+)$") for what in ("interval", "timeout", "fall")},
    **{
        f"garp_{what}": Found(rf"^\s+vrrp_garp_{what} (\S+)$") for what in ("interval", "master_delay", "master_repeat")
    },
}

CONF = "/etc/keepalived/keepalived.conf"
TWO_NETWORKS = """
name: lab
platform: existing
networks:
  management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
  outside: {cidr: 192.0.2.0/24, vip: 192.0.2.20, purpose: public}
machines:
  controller: 3
"""


def configuration(tmp_path: Path, text: str = composed.LAB, node: str = "ctl-1") -> str:
    return composed.rendered(composed.cloud(tmp_path, text), "keepalived", node)[CONF].text


def test_it_talks_to_each_peer_by_address_in_hundredths_of_a_second(tmp_path: Path) -> None:
    text = configuration(tmp_path, node="ctl-2")
    assert "vrrp_version 3" in text
    assert "advert_int 0.3" in text
    assert "unicast_src_ip 10.77.0.12" in text
    assert [line.strip() for line in text.split("unicast_peer {")[1].split("}")[0].strip().splitlines()] == [
        "10.77.0.11 min_ttl 255 max_ttl 255",
        "10.77.0.13 min_ttl 255 max_ttl 255",
    ]
    assert "vrrp_check_unicast_src" in text


def test_nobody_takes_the_address_from_a_living_holder(tmp_path: Path) -> None:
    text = configuration(tmp_path)
    assert "state BACKUP" in text
    assert "nopreempt" in text
    assert "state MASTER" not in text


def test_the_router_id_is_the_virtual_ips_own(tmp_path: Path) -> None:
    text = configuration(tmp_path, TWO_NETWORKS)
    assert text.count("vrrp_instance") == 2
    assert "virtual_router_id 10\n" in text
    assert "virtual_router_id 20\n" in text
    assert "192.0.2.20/32 dev $NIC_outside" in text


def test_peers_are_addressed_on_management_whatever_network_the_virtual_ip_is_on(tmp_path: Path) -> None:
    outside = configuration(tmp_path, TWO_NETWORKS).split("vrrp_instance outside")[1]
    assert "    interface $NIC_management\n" in outside
    assert "unicast_src_ip 10.77.0.11\n" in outside
    assert "192.0.2." not in outside.replace("192.0.2.20/32 dev $NIC_outside", "")


def test_a_cable_without_advertisements_is_watched(tmp_path: Path) -> None:
    text = configuration(tmp_path, TWO_NETWORKS)
    assert "track_interface {\n        $NIC_outside\n    }" in text.split("vrrp_instance outside")[1]
    assert "track_interface" not in configuration(tmp_path)


def test_priorities_depend_on_no_other_node(tmp_path: Path) -> None:
    def priority(text: str) -> int:
        return int(text.split("priority ")[1].split()[0])

    three = [priority(configuration(tmp_path, node=f"ctl-{n}")) for n in (1, 2, 3)]
    five = composed.LAB.replace("controller: 3", "controller: 5")
    assert three == sorted(three, reverse=True)
    assert three == [priority(configuration(tmp_path, five, f"ctl-{n}")) for n in (1, 2, 3)]


def test_priorities_are_distinct_whatever_the_numbers(tmp_path: Path) -> None:
    """Also beyond 25 controllers, for which steps of ten leave no room."""
    many = composed.LAB.replace("controller: 3", "controller: 30")
    pinned = """
        name: pinned
        networks: {management: {cidr: 10.0.0.0/16, vip: 10.0.9.9}}
        machines:
          controller: {nodes: {a: {address: 10.0.1.1}, b: {address: 10.0.0.11}, c: {address: 10.0.0.2}}}
        """
    for text in (many, pinned):
        cloud = composed.cloud(tmp_path, text)
        texts = [composed.rendered(cloud, "keepalived", node.name)[CONF].text for node in cloud.role("controller")]
        found = [int(one.split("    priority ")[1].split()[0]) for one in texts]
        assert len(set(found)) == len(found)
        assert all(1 <= priority <= 254 for priority in found)


def test_the_file_may_name_the_router_id(tmp_path: Path) -> None:
    text = composed.LAB.replace("vip: 10.77.0.10", "vip: 10.77.0.10, router_id: 51")
    assert "virtual_router_id 51\n" in configuration(tmp_path, text)


def test_scripts_run_as_nobody_special(tmp_path: Path) -> None:
    text = configuration(tmp_path)
    assert "enable_script_security" in text
    assert "script_user keepalived_script" in text


def test_one_controller_needs_no_peers(tmp_path: Path) -> None:
    assert "unicast_peer" not in configuration(tmp_path, composed.LAB.replace("controller: 3", "controller: 1"))


@contextmanager
def answering(reply: bytes) -> Iterator[int]:
    """A load balancer that answers with this on some port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1000)
                    connection.sendall(reply)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def check(port: int) -> int:
    script = services.TEMPLATES / "keepalived/check-haproxy.sh"
    return subprocess.run(["bash", str(script), str(port)], capture_output=True, timeout=10, check=False).returncode


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", 0),
        (b"HTTP/1.0 503 Service Unavailable\r\n\r\n", 2),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", 1),
        (b"", 1),
    ],
)
def test_the_watched_load_balancer_must_answer_well(reply: bytes, code: int) -> None:
    with answering(reply) as port:
        assert check(port) == code


def test_a_dead_load_balancer_gives_the_address_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert check(port) != 0


IP = r"""
case "$*" in
  *10.77.0.11*) echo '[{"ifname": "ens5"}]' ;;
  *) cat "$STATE_DIR/vip" 2>/dev/null || echo '[{}]' ;;
esac
"""


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    programs = {
        "ip": IP,
        "systemctl": "true",
        "getent": "true",
        "ping": "[[ -e $STATE_DIR/elsewhere ]]",
    }
    made = Sandbox(tmp_path / "node", composed.cloud(tmp_path), "ctl-1", "keepalived", programs)
    script = made.root / "usr/lib/hacienda/keepalived/check-haproxy.sh"
    script.write_text("#!/bin/bash\n")
    return made


def test_the_interface_is_the_one_with_our_address(box: Sandbox) -> None:
    (box.root / "etc/keepalived").mkdir()
    assert box.run("prepare.sh").code == 0
    assert (box.root / "etc/keepalived/interfaces.conf").read_text() == "$NIC_management=ens5\n"
    assert box.calls("systemctl") == []


def test_verify_tells_the_holder_from_a_backup(box: Sandbox) -> None:
    (box.state / "vip").write_text('[{"ifname": "ens5"}]')
    assert box.run("verify.sh").output == "holds 10.77.0.10\n"
    (box.state / "vip").unlink()
    (box.state / "elsewhere").touch()
    assert box.run("verify.sh").output == "backup\n"
    (box.state / "elsewhere").unlink()
    assert "no node holds 10.77.0.10" in box.run("verify.sh").errors


@pytest.mark.parametrize(
    ("code", "said"),
    [(1, "HAProxy does not answer, so this node takes no virtual IP|"), (2, "cut off: HAProxy here reaches neither")],
)
def test_verify_says_why_this_node_takes_no_address(box: Sandbox, code: int, said: str) -> None:
    (box.root / "usr/lib/hacienda/keepalived/check-haproxy.sh").write_text(f"#!/bin/bash\nexit {code}\n")
    outcome = box.run("verify.sh")
    assert outcome.code == 1
    assert said in outcome.errors


def test_the_check_asks_where_haproxy_listens(tmp_path: Path) -> None:
    assert "check-haproxy.sh 8404" in configuration(tmp_path)
    assert os.access(services.TEMPLATES / "keepalived/check-haproxy.sh", os.R_OK)
