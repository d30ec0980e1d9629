"""hacienda-diagnose names the cause: a full disk, a wrong clock, a daemon that does not run, an expired certificate."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from hacienda.cloudinit.node import certificates, clock, daemons, diagnose, facts, neighbours, paths, storage
from hacienda.cloudinit.node.fault import Fault
from hacienda.services import haproxy, keystone
from tests.cloudinit import sample
from tests.cloudinit.conftest import Machine, make_values

BIG = 2**20


def system(**changes: int) -> os.statvfs_result:
    """A file system of 20 GiB with 5 GiB free, and inodes enough."""
    values = {
        "frsize": 4096,
        "blocks": 5 * BIG,
        "bavail": BIG + BIG // 4,
        "files": BIG,
        "favail": BIG,
        "flag": 0,
        **changes,
    }
    v = values
    fields = (v["frsize"], v["frsize"], v["blocks"], v["bavail"], v["bavail"], v["files"], v["favail"], v["favail"])
    return os.statvfs_result((*fields, v["flag"], 255))


@pytest.mark.parametrize(
    ("status", "refused", "said"),
    [
        (system(), 0, ""),
        (system(bavail=256), errno.ENOSPC, "is full: 1 MiB of 20.0 GiB are free, 64 MiB are needed"),
        # Root may still write where daemons no longer can.
        (system(bavail=0), 0, "is full: 0 MiB of 20.0 GiB are free, 64 MiB are needed"),
        (system(favail=3), 0, "is full: 3 of 1048576 inodes are free"),
        # File systems that make inodes as they are needed count none.
        (system(files=0, favail=0), 0, ""),
        (
            system(),
            errno.EDQUOT,
            "is full: it does not accept 64 MiB more (Disk quota exceeded), though 5.0 GiB of the file system are free",
        ),
        (system(), errno.EROFS, "is read-only"),
        (system(flag=os.ST_RDONLY), 0, "is read-only"),
        (system(), errno.EIO, "cannot be written: Input/output error"),
    ],
)
def test_disks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: os.statvfs_result, refused: int, said: str
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: status)
    monkeypatch.setattr(storage, "_refusal", lambda _: refused)
    found = storage.faults({tmp_path / "not/made/yet": ("galera",), tmp_path: ("etcd", "galera")})
    assert [(one.what.partition(") ")[2], one.services) for one in found] == (
        [(said, ("etcd", "galera"))] if said else []
    )
    assert all(one.fix for one in found)


def test_a_disk_that_refuses_a_file_of_that_size_is_asked_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert storage.faults({tmp_path: ("etcd",)}) == []
    # The process may write no file that large, as a quota would have it.
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: (_ for _ in ()).throw(OSError(errno.EDQUOT, "")))
    (fault,) = storage.faults({tmp_path: ("etcd",)})
    assert "Disk quota exceeded" in fault.what
    assert list(tmp_path.iterdir()) == []


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str, code: int = 0) -> None:
    """A stand-in on the PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {code}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


TRACKING = "0A4D0001,10.77.0.1,4,1700000000.1,{offset},0.0,0.0,1.0,0.0,0.1,0.01,0.01,64.0,{leap}"


@pytest.mark.parametrize(
    ("offset", "leap", "said"),
    [
        ("0.2", "Normal", []),
        ("3600.500000000", "Normal", ["the clock is 3600.5 s behind the time servers (10.77.0.1)"]),
        ("-12.000000000", "Normal", ["the clock is 12.0 s ahead of the time servers (10.77.0.1)"]),
        ("0.0", "Not synchronised", []),
    ],
)
def test_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset: str, leap: str, said: list[str]) -> None:
    program(tmp_path, monkeypatch, "chronyc", TRACKING.format(offset=offset, leap=leap))
    assert [one.what for one in clock.faults(container=False)] == said
    assert all("container host" in one.fix for one in clock.faults(container=True))


def test_clock_without_an_answer_is_another_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "chronyc", "506 Cannot talk to daemon", 1)
    assert clock.faults(container=False) == []
    monkeypatch.setenv("PATH", "/nowhere")
    assert clock.faults(container=False) == []


UNIT = """Id={name}
LoadState={load}
ActiveState={active}
SubState={sub}
Result={result}
ExecMainStatus={code}
NRestarts=7
InactiveEnterTimestamp={since}
"""


def unit(
    name: str, active: str, sub: str, result: str = "success", code: int = 0, load: str = "loaded", since: str = ""
) -> str:
    return UNIT.format(name=name, active=active, sub=sub, result=result, code=code, load=load, since=since)


def test_daemons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    units = (
        unit("up.service", "active", "running"),
        unit("coming.service", "activating", "start"),
        unit("killed.service", "failed", "failed", "signal", 9, since="Sat 2026-11-28 14:03:12 UTC"),
        unit("looping.service", "activating", "auto-restart", "exit-code", 1),
        unit("stopped.service", "inactive", "dead"),
        unit("purged.service", "inactive", "dead", load="not-found"),
    )
    program(tmp_path, monkeypatch, "systemctl", "\n".join(units))
    names = ("up", "coming", "killed", "looping", "stopped", "purged")
    found = daemons.faults({name: (f"{name}.service",) for name in names})
    assert [(one.services, one.what) for one in found] == [
        (("killed",), "killed.service is not running since Sat 2026-11-28 14:03:12 UTC: it was killed by signal 9"),
        (("looping",), "looping.service restarts repeatedly (7 times): it ended with exit code 1"),
        (("stopped",), "stopped.service is not running: it was stopped, or never started"),
        (("purged",), "purged.service does not exist here: its package is missing"),
    ]
    assert daemons.faults({"host": ()}) == []


@pytest.mark.parametrize("said", ["", unit("a.service", "active", "running")])
def test_a_daemon_of_which_nothing_is_said_is_not_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    program(tmp_path, monkeypatch, "systemctl", said)
    with pytest.raises((ValueError, KeyError)):
        daemons.faults({"a": ("a.service",), "b": ("b.service",)})


def test_a_fact_that_is_missing_is_a_fault(machine: Machine) -> None:
    output = sample.render()
    machine.deliver(output, make_values(output))
    for path, fact in (("node.env", "HACIENDA_NEIGHBOURS"), ("services/beta.env", "HACIENDA_DATA")):
        file = machine.root / "etc/hacienda" / path
        file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith(fact)))
    found = json.loads(machine.run("hacienda-diagnose", "--json").stdout)
    unknown = [one["what"] for one in found["faults"] if one["kind"] == "unknown"]
    assert "the disks cannot be examined: KeyError: 'HACIENDA_DATA'" in unknown
    assert "the network cannot be examined: KeyError: 'HACIENDA_NEIGHBOURS'" in unknown


@pytest.fixture(scope="module")
def leaf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of one day, made now."""
    path = tmp_path_factory.mktemp("tls") / "cert.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
    ]
    subprocess.run(
        [*command, "-subj", "/CN=x", "-keyout", "/dev/null", "-out", str(path)], check=True, capture_output=True
    )
    return path


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, ""),
        (0.9, ""),
        (1.1, " expired 2.4 hours ago, on "),
        (4, " expired 3 days ago, on "),
        (-2, " is not valid before "),
    ],
)
def test_certificates(leaf: Path, days: float, said: str) -> None:
    found = certificates.faults(
        {leaf: "galera", leaf.with_name("none.pem"): "etcd"}, "lab", time.time() + days * 86400 + 60
    )
    assert [one.services for one in found] == ([("galera",)] if said else [])
    assert all(said in one.what for one in found)
    if "expired" in said:
        assert found[0].fix == "hacienda secrets rotate lab --kind leaf, then hacienda apply lab"


def test_certificates_are_those_that_are_installed() -> None:
    files = [
        ("/etc/mysql/tls/cert.pem", "galera"),
        ("/etc/mysql/tls/key.pem", "galera"),
        ("/etc/mysql/tls/ca.pem", "galera"),
    ]
    assert [str(path) for path in certificates.of(files, Path("/root"))] == [
        "/root/etc/mysql/tls/cert.pem",
        "/root/etc/mysql/tls/ca.pem",
    ]


def test_a_certificate_of_another_authority_is_looked_at_too(leaf: Path, tmp_path: Path) -> None:
    files = [(haproxy.PUBLIC_BUNDLE, "haproxy"), (keystone.PUBLIC_AUTHORITY, "keystone")]
    found = certificates.of(files, tmp_path)
    assert len(found) == 2
    for path in found:
        path.parent.mkdir(parents=True)
        path.write_bytes(leaf.read_bytes())
    told = certificates.faults(found, "lab", time.time() + 5 * 86400)
    assert [one.services for one in told] == [("haproxy",), ("keystone",)]
    assert all(one.fix.startswith("have its authority renew it") for one in told)


def test_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ping"
    path.write_text('#!/bin/sh\nfor last; do :; done\ntest "$last" = 10.0.0.2\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    named = neighbours.parse("ctl-2/management=10.0.0.2 ctl-3/public=10.1.0.3")
    assert neighbours.unreached(named) == (neighbours.Neighbour("ctl-3", "public", "10.1.0.3"),)
    assert neighbours.unreached(()) == ()


def test_an_examination_that_fails_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> list[Fault]:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(storage, "faults", broken)
    monkeypatch.setattr(daemons, "faults", lambda _: [Fault("daemon", "x", "y")])
    _, found = diagnose.examine()
    assert [one.kind for one in found] == ["unknown", "daemon"]
    assert found[0].what == "the disks cannot be examined: OSError: [Errno 5] Input/output error"


def test_an_installed_node_answers_in_json_and_in_words(machine: Machine) -> None:
    output = sample.render()
    machine.deliver(output, make_values(output))
    answer = machine.run("hacienda-diagnose", "--json")
    found = json.loads(answer.stdout)
    assert abs(found["time"] - time.time()) < 60
    assert answer.returncode == (1 if found["faults"] or found["unreached"] else 0)
    words = machine.run("hacienda-diagnose")
    assert words.stdout.count("FAIL") == len(found["faults"]) + len(found["unreached"])
    assert found["faults"] == [one for one in found["faults"] if one["what"] and one["fix"]]


def test_facts_are_read_as_the_shell_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "ETC", tmp_path)
    assert facts.of_node() == {}
    (tmp_path / "node.env").write_text("HACIENDA_NODE=ctl-1\nHACIENDA_NEIGHBOURS='a/b=1 c/d=2'\nEMPTY=''\n")
    assert facts.of_node() == {"HACIENDA_NODE": "ctl-1", "HACIENDA_NEIGHBOURS": "a/b=1 c/d=2", "EMPTY": ""}
