"""Host: names that a new compute does not change, kernel settings, sshd."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {
    name: Found(rf"^net\.ipv4\.{name} = (\d+)$")
    for name in ("tcp_retries2", "tcp_keepalive_time", "tcp_keepalive_intvl", "tcp_keepalive_probes")
}

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


NETWORK_FILE = "etc/systemd/network/10-cloud-init-eth0.network"


def machine(
    tmp_path: Path, *, networkd: bool = True, started: int = 2**40, operators: str = "", answers: bool = True
) -> Sandbox:
    """A controller whose network networkd manages; the fake journald began at `started`."""
    root = tmp_path / "root"
    own, other = root / f"{NETWORK_FILE}.d/60-hacienda.conf", root / f"{NETWORK_FILE}.d/90-operator.conf"
    status = json.dumps({"NetworkFile": str(root / NETWORK_FILE), "NetworkFileDropins": [str(own), str(other)]})
    programs = {
        "ip": """echo '[{"ifname": "eth0"}]'""",
        "networkctl": f"echo '{status}'" if answers else "exit 1",
        "journalctl": "",
        "sshd": "",
        "sysctl": "",
        "systemctl": f"""
            [[ $* != *is-active*networkd* ]] || exit {0 if networkd else 3}
            [[ $1 != show ]] || echo @{started}
        """,
    }
    sandbox = Sandbox(root, composed.cloud(tmp_path), "ctl-1", "host", programs)
    for path, text in (
        (root / NETWORK_FILE, "[Match]\nName=eth0\n[Network]\nDHCP=no\n"),
        (other, operators),
        (root / "etc/systemd/journald.conf.d/60-hacienda.conf", ""),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return sandbox


def boot(tmp_path: Path, *, networkd: bool = True, started: int = 2**40, operators: str = "") -> Sandbox:
    """The same after the host's join script ran twice."""
    sandbox = machine(tmp_path, networkd=networkd, started=started, operators=operators)
    for _ in range(2):
        done = sandbox.run("join.sh")
        assert done.code == 0, done.errors
    return sandbox


def kept(sandbox: Sandbox) -> bool:
    """Whether networkd is to keep what keepalived adds, by a link to the rendered file."""
    link = sandbox.root / f"{NETWORK_FILE}.d/60-hacienda.conf"
    return link.is_symlink() and str(link.readlink()) == "/etc/systemd/network/hacienda.conf"


def test_networkd_keeps_virtual_ips(tmp_path: Path) -> None:
    assert kept(boot(tmp_path))
    assert "KeepConfiguration=static" in text(tmp_path, "/etc/systemd/network/hacienda.conf").splitlines()


@pytest.mark.parametrize("word", ["yes", "static"])
def test_operators_own_word_to_networkd_stays(tmp_path: Path, word: str) -> None:
    assert not kept(boot(tmp_path, operators=f"[Network]\nKeepConfiguration={word}\n"))


def test_operators_word_that_drops_virtual_ips_is_overruled(tmp_path: Path) -> None:
    assert kept(boot(tmp_path, operators="[Network]\nKeepConfiguration=dhcp-on-stop\n"))


def test_where_networkd_does_not_run_nothing_is_written_for_it(tmp_path: Path) -> None:
    assert not kept(boot(tmp_path, networkd=False))


def test_networkd_that_runs_and_does_not_answer_is_a_failure(tmp_path: Path) -> None:
    done = machine(tmp_path, answers=False).run("join.sh")
    assert done.code == 1
    assert "networkd does not name its files for eth0" in done.output + done.errors


def test_machines_without_a_virtual_ip_have_no_word_to_networkd(tmp_path: Path) -> None:
    built = composed.cloud(tmp_path, BIG)
    assert "/etc/systemd/network/hacienda.conf" not in composed.rendered(built, "host", "cmp-1")
    assert composed.fact(built, "host", "BESIDE_VIRTUAL_IPS", "cmp-1") == ""
    assert composed.fact(built, "host", "BESIDE_VIRTUAL_IPS", "ctl-2") == "10.77.0.12"


def test_journald_is_restarted_only_for_settings_that_it_has_not_read(tmp_path: Path) -> None:
    assert not any("journald" in call for call in boot(tmp_path).calls("systemctl") if call.startswith("restart"))
    (tmp_path / "again").mkdir()
    again = boot(tmp_path / "again", started=1)
    assert [call for call in again.calls("systemctl") if call.startswith("restart")] == [
        "restart systemd-journald.service"
    ] * 2
    assert again.calls("journalctl") == ["--flush"] * 2


def test_journal_is_bounded_and_written_to_disk(tmp_path: Path) -> None:
    journal = composed.settings(text(tmp_path, "/etc/systemd/journald.conf.d/60-hacienda.conf"))
    assert journal["Storage"] == "persistent"
    assert journal["SystemMaxUse"] == "1G"
    assert journal["SyncIntervalSec"] == "10s"


SOURCES = """packages:
  mirror: http://mirror.example.org/debian
  security: http://mirror.example.org/debian-security/
  proxy: http://proxy.example.org:3128
"""


def test_packages_come_from_where_the_file_says_on_every_machine(tmp_path: Path) -> None:
    plain = composed.rendered(composed.cloud(tmp_path), "host")
    assert not {"/etc/apt/hacienda.sources", "/etc/apt/apt.conf.d/90hacienda"} & plain.keys()
    for node in ("ctl-1", "cmp-2"):
        sources = text(tmp_path, "/etc/apt/hacienda.sources", BIG + SOURCES, node)
        assert "URIs: http://mirror.example.org/debian\nSuites: trixie trixie-updates\n" in sources
        assert "URIs: http://mirror.example.org/debian-security\nSuites: trixie-security\n" in sources
        settings = text(tmp_path, "/etc/apt/apt.conf.d/90hacienda", BIG + SOURCES, node).splitlines()
        assert 'Acquire::http::Proxy "http://proxy.example.org:3128";' in settings
        assert 'Dir::Etc::SourceList "/etc/apt/hacienda.sources";' in settings


def test_a_proxy_alone_leaves_the_machine_s_sources(tmp_path: Path) -> None:
    found = composed.rendered(composed.cloud(tmp_path, composed.LAB + "packages: {proxy: http://proxy:3128}\n"), "host")
    assert "/etc/apt/hacienda.sources" not in found
    assert "Dir::" not in found["/etc/apt/apt.conf.d/90hacienda"].text


def test_apt_reads_what_is_rendered_and_nothing_else(tmp_path: Path) -> None:
    """apt itself says which lists it would fetch, and through what."""
    settings = tmp_path / "apt.conf"
    sources = tmp_path / "hacienda.sources"
    sources.write_text(text(tmp_path, "/etc/apt/hacienda.sources", BIG + SOURCES))
    rendered = text(tmp_path, "/etc/apt/apt.conf.d/90hacienda", BIG + SOURCES)
    settings.write_text(rendered.replace("/etc/apt/hacienda.sources", str(sources)))
    command = ["apt-get", "update", "--print-uris"]
    said = subprocess.run(
        command, env={**os.environ, "APT_CONFIG": str(settings)}, capture_output=True, text=True, check=True
    )
    uris = sorted(line.split("'")[1] for line in said.stdout.splitlines())
    assert all(uri.startswith("http://mirror.example.org/debian") for uri in uris), uris
    # What it names beside these depends on the lists that this machine has already.
    assert [uri for uri in uris if uri.endswith("/InRelease")] == [
        "http://mirror.example.org/debian-security/dists/trixie-security/InRelease",
        "http://mirror.example.org/debian/dists/trixie-updates/InRelease",
        "http://mirror.example.org/debian/dists/trixie/InRelease",
    ]
