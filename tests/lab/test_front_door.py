"""Strangers attack the front door of a controller, scaled down: HAProxy and uWSGI of the image, with the rendered files.

Each attack is a program that runs in a machine without any network (`tests/lab/door.py`); here is what must be felt.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from hacienda import cloud, cloudinit, secrets, services
from hacienda import lab as host
from hacienda.cloud import entrance
from hacienda.lab import command
from hacienda.review.validation import scratch
from hacienda.services import haproxy
from tests import shipped
from tests.services import composed

ENVIRONMENT = composed.LAB + "services: {haproxy: {connections: 1000, passwords_per_source: 30}}\n"
"""A small front door, so that a small attack is a large one."""

FOLDER = "/root/door"
ATTACKS = ("forged", "passwords", "long_bodies", "silent", "silent_from_many", "handshakes+slow_bodies")
"""One after the other; the last two at once, since one waits for a time-out of 10 s."""

SECONDS = 300
"""For all of them, on a busy machine; they take half a minute."""

SOON = 5.0
"""Seconds within which whoever attacks nothing has an answer, on a machine with other work; 0.1 s where it has none. Before the
front ends had shares of their own, and requests were handed over whole, there was none in 20 s."""

PLACEHOLDER = re.compile(r"@\{secret:([^}]*)\}@")
PACKAGES = cloud.read(shipped.ROOT / "environments/lab.yaml", services.registry()).packages


def door(folder: Path) -> bytes:
    """Every node's files as they lie on the node, certificates and all, and the program that attacks, as an archive."""
    made = composed.cloud(folder, ENVIRONMENT)
    store = secrets.open_store(secrets.StoreSpec("file", folder / "secrets"))
    secrets.mint(store, cloudinit.needs(made))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for node in made.nodes:
            for service in ("haproxy", "keystone", "galera"):
                for file in composed.rendered(made, service, node.name).values():
                    certificate = file.checker == "x509" and file.kind != "directory"
                    if file.path in ("/etc/haproxy/haproxy.cfg", "/etc/keystone/uwsgi.ini") or certificate:
                        add(tar, f"{node.name}{file.path}", filled(file.text, store, node.name))
        add(tar, "door.py", (Path(__file__).parent / "door.py").read_bytes())
    return archive.getvalue()


def filled(text: str, store: secrets.Store, node: str) -> bytes:
    """A file as the node has it, its secrets filled in."""
    return PLACEHOLDER.sub(lambda found: store.get(found[1], node=node).decode(), text).encode()


def shares() -> Mapping[str, entrance.Share]:
    with TemporaryDirectory() as folder:
        return haproxy.door(composed.cloud(Path(folder), ENVIRONMENT)).shares


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


@pytest.fixture(scope="module")
def felt(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, Any]]:
    """What was felt in each attack, in a machine that is made from the lab's image."""
    host.prepare("lab")
    where, name, project = host.Lab(), f"door-{token_hex(4)}", f"--project={scratch.PROJECT}"
    init = f"--config=raw.lxc=lxc.init.cmd = /usr/bin/sleep {2 * SECONDS}"
    command.incus(where, "launch", host.build(PACKAGES), name, project, "--ephemeral", "--quiet", init)
    try:
        archive = tmp_path_factory.mktemp("door") / "door.tar"
        archive.write_bytes(door(archive.parent))
        target = f"{name}{FOLDER}/door.tar"
        command.incus(where, "file", "push", "--quiet", "--create-dirs", project, str(archive), target)
        inside = ("exec", project, name, "--")
        command.incus(where, *inside, "tar", "--extract", f"--directory={FOLDER}", f"--file={FOLDER}/door.tar")
        isolated = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
        attack = ("python3", f"{FOLDER}/door.py", FOLDER, *ATTACKS)
        said = command.incus(where, *inside, *isolated, *attack, seconds=SECONDS)
    finally:
        command.incus(where, "delete", "--force", project, name)
    found: dict[str, dict[str, Any]] = json.loads(said.splitlines()[-1])
    for what, how in found.items():
        print(f"\n{what}: {how}")
    return found


def served(found: dict[str, Any], *but: str) -> None:
    """Those who attack nothing had their answers."""
    for who in ("health", "database of a service", "database", "api of a service", "api"):
        if who not in but:
            assert found[who] is not None, f"{who}: no answer"
            assert found[who] < SOON, found


def test_silent_connections_starve_nobody_else(felt: Mapping[str, dict[str, Any]]) -> None:
    found = felt["silent"]
    served(found)
    assert found["open"] <= shares()["keystone-api"].each


def test_silent_connections_from_many_addresses_leave_the_services_alone(
    felt: Mapping[str, dict[str, Any]],
) -> None:
    """Strangers keep each other out; the cloud's own services, its database and its health check go on."""
    found = felt["silent_from_many"]
    served(found, "api")
    assert found["open"] <= shares()["keystone-api"].others


def test_half_a_handshake_is_not_waited_for(felt: Mapping[str, dict[str, Any]]) -> None:
    found = felt["handshakes"]
    served(found)
    assert (found["open"] > 0, found["after 12 s"]) == (True, 0)


def test_slow_bodies_hold_no_thread(felt: Mapping[str, dict[str, Any]]) -> None:
    found = felt["slow_bodies"]
    served(found)
    assert None not in found["times"]
    assert max(found["times"]) < SOON


def test_bodies_that_are_too_long_hold_no_thread(felt: Mapping[str, dict[str, Any]]) -> None:
    found = felt["long_bodies"]
    served(found)
    assert None not in found["times"]
    assert max(found["times"]) < SOON
    assert (found["answered"], found["refused"]) == (200, 413)


def test_nobody_poses_as_a_proxy(felt: Mapping[str, dict[str, Any]]) -> None:
    assert felt["forged"] == {
        "HTTP_HOST": "api",
        "HTTP_X_AUTH_TOKEN": "kept",
        "HTTP_OPENSTACK_API_VERSION": "kept",
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_FOR": "10.77.0.50",
        "HTTP_CONNECTION": "close",
    }


def test_passwords_are_tried_so_many_times_a_minute(felt: Mapping[str, dict[str, Any]]) -> None:
    found = felt["passwords"]
    assert found["guessing"] == {"200": 30, "429": 10}
    # It may go on reading, and nobody else is held to it.
    assert (found["reading"], found["other"], found["service"]) == (200, {"200": 1}, {"200": 40})
