"""Host: names that a new compute does not change, kernel settings, sshd."""

from __future__ import annotations

from pathlib import Path

from tests.services import composed

BIG = composed.LAB + "  compute: 2\n"


def text(tmp_path: Path, path: str, environment: str = composed.LAB, node: str = "ctl-1") -> str:
    return composed.rendered(composed.cloud(tmp_path, environment), "host", node)[path].text


def names(tmp_path: Path, environment: str = composed.LAB, node: str = "ctl-1") -> dict[str, str]:
    lines = text(tmp_path, "/etc/hosts", environment, node).splitlines()
    return {name: line.split()[0] for line in lines for name in line.split()[1:]}


def test_everybody_knows_itself_the_voters_and_the_virtual_ip(tmp_path: Path) -> None:
    known = names(tmp_path, BIG, "cmp-1")
    assert {"cmp-1", "cmp-1.lab.internal", "ctl-1", "ctl-2", "ctl-3", "internal.lab.internal"} <= known.keys()
    assert "cmp-2" not in known
    assert known["ctl-3.lab.internal"] == "10.77.0.13"
    assert known["internal.lab.internal"] == "10.77.0.10"


def test_another_compute_changes_nobody_elses_names(tmp_path: Path) -> None:
    more = BIG.replace("compute: 2", "compute: 3")
    for node in ("ctl-1", "cmp-1", "cmp-2"):
        assert text(tmp_path, "/etc/hosts", BIG, node) == text(tmp_path, "/etc/hosts", more, node)


def test_load_balancers_listen_on_addresses_that_are_elsewhere(tmp_path: Path) -> None:
    path = "/etc/sysctl.d/60-hacienda.conf"
    assert composed.settings(text(tmp_path, path))["net.ipv4.ip_nonlocal_bind"] == "1"
    assert "net.ipv4.ip_nonlocal_bind" not in text(tmp_path, path, BIG, "cmp-1")


def test_dead_connections_are_given_up(tmp_path: Path) -> None:
    assert composed.settings(text(tmp_path, "/etc/sysctl.d/60-hacienda.conf"))["net.ipv4.tcp_retries2"] == "6"


def test_containers_set_what_is_their_own_alone(tmp_path: Path) -> None:
    path = "/etc/sysctl.d/60-hacienda.conf"
    assert all(key.startswith("net.") for key in composed.settings(text(tmp_path, path)))
    assert "vm.swappiness" in text(tmp_path, path, composed.LAB.replace("incus", "existing"))


def test_passwords_open_nothing(tmp_path: Path) -> None:
    lines = text(tmp_path, "/etc/ssh/sshd_config.d/60-hacienda.conf").splitlines()
    assert "PasswordAuthentication no" in lines
    assert "KbdInteractiveAuthentication no" in lines


def test_name_servers_are_written_only_where_the_file_names_them(tmp_path: Path) -> None:
    assert "/etc/resolv.conf" not in composed.rendered(composed.cloud(tmp_path), "host")
    named = composed.LAB + "dns: {servers: [192.0.2.53]}\n"
    assert "nameserver 192.0.2.53\n" in text(tmp_path, "/etc/resolv.conf", named)


def test_scripts_are_clean() -> None:
    assert composed.shellcheck("host") == ""
