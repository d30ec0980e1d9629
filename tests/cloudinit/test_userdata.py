"""User-data: who may log in and what the machine is called, no more."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hacienda.cloud.model import Platform, Ssh
from hacienda.cloudinit import announce
from hacienda.errors import InputError
from tests.cloudinit import sample


def user_data(**changes: Any) -> Any:
    text = sample.render(**changes).user_data
    assert text.startswith("#cloud-config\n")
    return YAML(typ="safe").load(text)


def test_root_takes_the_deployers_and_the_operators_keys() -> None:
    found = user_data(ssh=Ssh("root", 22, ("ssh-ed25519 BBBB me: 'quoted' # not a comment\n",)))
    assert found["disable_root"] is False
    keys = ["ssh-ed25519 AAAAC3Nz deployer", "ssh-ed25519 BBBB me: 'quoted' # not a comment"]
    assert found["users"] == [{"name": "root", "ssh_authorized_keys": keys}]


def test_another_user_becomes_root_by_sudo_and_root_stays_closed() -> None:
    found = user_data(ssh=Ssh("operator", 22, ()))
    assert found["disable_root"] is True
    user = found["users"][0]
    assert (user["name"], user["sudo"], user["lock_passwd"]) == ("operator", "ALL=(ALL) NOPASSWD:ALL", True)


def test_names() -> None:
    found = user_data()
    assert (found["hostname"], found["fqdn"]) == ("ctl-1", "ctl-1.sample.internal")


def test_neither_secrets_nor_the_cluster_are_in_it() -> None:
    text = sample.render("ctl-1").user_data
    assert "secret" not in text
    assert "ctl-2" not in text
    assert "10.9.0" not in text


def test_a_platforms_size_limit_is_an_input_error() -> None:
    keys = tuple(f"ssh-ed25519 {'A' * 900} operator-{number}" for number in range(60))
    with pytest.raises(InputError, match="openstack accepts 65535"):
        sample.render(ssh=Ssh("root", 22, keys), platform=Platform("openstack", containers=False))
    assert len(sample.render(ssh=Ssh("root", 22, keys)).user_data) > 50_000


def test_a_machine_announces_its_addresses_when_it_boots() -> None:
    (command,) = user_data()["bootcmd"]
    assert command[0] == "systemd-run"
    assert command[-4:-1] == ["/usr/bin/python3", "-u", "-c"]
    assert command[-1] == Path(announce.__file__).read_text()
    assert not set("$%") & set(command[-1]), "systemd-run expands these"


def test_an_announcement_is_an_arp_request_for_ones_own_address() -> None:
    frame = announce.frame("02:00:00:00:00:0a", "10.9.0.11")
    assert len(frame) == 42
    assert frame[:14].hex() == "ffffffffffff" + "02000000000a" + "0806"
    assert frame[14:22].hex() == "0001" + "0800" + "06" + "04" + "0001"
    sender, target = frame[22:32], frame[32:]
    assert sender.hex() == "02000000000a" + socket.inet_aton("10.9.0.11").hex()
    assert target[6:] == sender[6:]


def link(name: str, *addresses: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """As `ip -json address` shows an interface."""
    entries = [
        {"family": "inet6" if ":" in address else "inet", "local": address, "prefixlen": prefix, "scope": "global"}
        for address, prefix in addresses
    ]
    shown = {"ifname": name, "link_type": "ether", "flags": ["UP", "LOWER_UP"], "address": "02:00:00:00:00:0a"}
    return {**shown, "addr_info": entries, **changes}


def test_every_address_of_ones_own_is_announced_and_no_virtual_ip() -> None:
    links = [
        link("lo", ("127.0.0.1", 8), link_type="loopback"),
        link("eth0", ("10.9.0.11", 24), ("10.9.0.10", 32), ("fe80::1", 64)),
        link("eth1", ("10.9.9.11", 24), flags=["BROADCAST"]),
        link("bond0"),
        link("vlan7", ("10.9.7.11", 24)),
    ]
    found = [(name, socket.inet_ntoa(frame[28:32])) for name, frame in announce.announcements(links)]
    assert found == [("eth0", "10.9.0.11"), ("vlan7", "10.9.7.11")]


def test_an_interface_that_cannot_send_is_left_to_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = [link("gone0", ("10.9.0.11", 24)), link("gone1", ("10.9.1.11", 24))]
    program = tmp_path / "ip"
    program.write_text(f"#!/bin/sh\necho '{json.dumps(shown)}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(announce, "PAUSES", (0, 0))
    announce.main()
    told = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert told == ["gone0", "gone1"] * 2
