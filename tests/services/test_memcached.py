"""memcached: where it listens and how much it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda.services import memcached
from tests.services import composed
from tests.services.stated import Found

STATED = {"memory": Found(r"^-m (\d+)$", "MiB"), "connections": Found(r"^-c (\d+)$", "count")}


def arguments(tmp_path: Path, text: str = composed.LAB, node: str = "ctl-1") -> dict[str, str]:
    """Command line switches, as the unit takes them from the file."""
    rendered = composed.rendered(composed.cloud(tmp_path, text), "memcached", node)["/etc/memcached.conf"].text
    lines = [line.split(maxsplit=1) for line in rendered.splitlines() if line.startswith("-")]
    return {line[0]: line[1] if len(line) > 1 else "" for line in lines}


def test_it_listens_on_the_nodes_own_address_without_udp(tmp_path: Path) -> None:
    set_to = arguments(tmp_path, node="ctl-3")
    assert set_to["-l"] == "10.77.0.13"
    assert set_to["-U"] == "0"


@pytest.mark.parametrize(("memory", "megabytes"), [("1GiB", "64"), ("8GiB", "409"), ("64GiB", "1024")])
def test_memory_follows_the_machine(tmp_path: Path, memory: str, megabytes: str) -> None:
    text = composed.LAB.replace("controller: 3", f"controller: {{count: 3, memory: {memory}}}")
    assert arguments(tmp_path, text)["-m"] == megabytes


def test_options_win(tmp_path: Path) -> None:
    text = composed.LAB + "services:\n  memcached: {memory: 128MiB, max_connections: 100}\n"
    set_to = arguments(tmp_path, text)
    assert (set_to["-m"], set_to["-c"]) == ("128", "100")


def test_only_its_users_machines_may_connect() -> None:
    assert [port.clients for port in memcached.service.ports] == ["users"]
