"""The OpenSSH client, with a stand-in for `ssh` that writes down how it was called."""

from __future__ import annotations

import dataclasses
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest

from hacienda import errors
from hacienda.remote import connections, ssh
from hacienda.remote.transport import Address, UnreachableError, UntrustedError

SSH = """#!/bin/sh
printf '%s\\n' "$*" >>"{folder}/calls"
if [ -e "{folder}/down" ]; then echo "ssh: connect to host: No route to host" >&2; exit 255; fi
if [ -e "{folder}/other" ]; then echo "Host key verification failed." >&2; exit 255; fi
for last; do :; done
case $* in *"-O exit"*) test ! -e "{folder}/stuck" || sleep 5; exit 0 ;; esac
PATH="{folder}/bin:$PATH" exec sh -c "$last"
"""
ADDRESS = Address("ctl-1", "192.0.2.1", "known_hosts:/operators/known_hosts")


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File with one line per call of ssh."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(SSH.format(folder=tmp_path))
    program.chmod(0o755)
    (tmp_path / "bin" / "sudo").write_text('#!/bin/sh\nshift; echo "as root:"; exec "$@"\n')
    (tmp_path / "bin" / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path / "calls"


def test_a_script_runs_with_its_input_and_its_exit_status(calls: Path) -> None:
    done = ssh.SshTransport(ADDRESS).run('cat; echo "it\'s" >&2; exit 3', b"secret")
    assert (done.code, done.output, done.errors) == (3, b"secret", "it's")
    assert "secret" not in calls.read_text()


def test_the_host_key_must_be_known_and_the_connection_is_shared(calls: Path) -> None:
    ssh.SshTransport(ADDRESS).run("true")
    called = calls.read_text()
    for option in (
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "UserKnownHostsFile=/operators/known_hosts",
        "GlobalKnownHostsFile=/dev/null",
        "ControlMaster=auto",
        "-l root -p 22",
    ):
        assert option in called
    assert "HostKeyAlias" not in called
    assert " -F" not in called
    assert ssh.folder().stat().st_mode & 0o777 == 0o700
    assert len(str(ssh.folder() / ("x" * 16))) < 100


def test_everything_an_address_says(calls: Path) -> None:
    address = Address("ctl-1", "node.example", ADDRESS.trust, 2222, "debian", "keys/id", "gate.example")
    done = ssh.SshTransport(address).run("echo done")
    assert done.output == b"as root:\ndone\n"
    called = calls.read_text()
    assert f"-l debian -p 2222 -i {Path('keys/id').resolve()} -- node.example" in called
    assert "-W '[%h]:%p' -- gate.example" in called
    assert "IdentitiesOnly=yes" in called
    assert shlex.join(["sudo", "-n", "sh", "-c", "echo done"]) in called


def test_no_connection_is_unreachable_and_forgets_the_host_key(calls: Path) -> None:
    transport = ssh.SshTransport(ADDRESS)
    (calls.parent / "down").touch()
    with pytest.raises(UnreachableError, match="ctl-1 does not answer") as raised:
        transport.run("true")
    assert raised.value.fix == "ssh: connect to host: No route to host"
    assert calls.read_text().splitlines()[-1].endswith("-O exit -- 192.0.2.1")
    (calls.parent / "down").unlink()
    assert transport.run("echo back").output == b"back\n"


def test_through_a_jump_host_its_key_is_named_as_a_reason(calls: Path) -> None:
    (calls.parent / "down").touch()
    with pytest.raises(
        UnreachableError, match=r"No route to host\n.*through gate\.example, whose host key must be in your own"
    ):
        ssh.SshTransport(dataclasses.replace(ADDRESS, jump="gate.example")).run("true")


@pytest.mark.parametrize(
    ("trust", "error"), [(ADDRESS.trust, UntrustedError), ("incus:/socket?project=x", UnreachableError)]
)
def test_a_key_that_the_operators_file_does_not_have_is_told_apart(
    calls: Path, monkeypatch: pytest.MonkeyPatch, trust: str, error: type[UnreachableError]
) -> None:
    """One that Incus was asked for is that of a machine that may just be made anew: there, waiting helps."""
    monkeypatch.setattr("hacienda.remote.trust.known_hosts", lambda *_: (Path("/known_hosts"), ""))
    (calls.parent / "other").touch()
    with pytest.raises(UnreachableError) as raised:
        ssh.SshTransport(dataclasses.replace(ADDRESS, trust=trust)).run("true")
    assert type(raised.value) is error
    assert "Host key verification failed" in str(raised.value)


def test_a_script_that_takes_too_long_is_unreachable(calls: Path) -> None:
    with pytest.raises(UnreachableError, match="did not answer within 0 s"):
        ssh.SshTransport(ADDRESS).run("sleep 5", timeout=0.2)


def test_a_key_that_cannot_be_learnt_is_unreachable(calls: Path) -> None:
    address = Address("ctl-1", "192.0.2.1", "incus:/nowhere/socket?project=p")
    with pytest.raises(UnreachableError, match="ctl-1: its host key is not available"):
        ssh.SshTransport(address).run("true")
    assert not calls.exists()


def test_without_ssh_the_tool_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.ToolError, match="ssh is not installed"):
        ssh.SshTransport(ADDRESS).run("true")


def test_one_address_has_one_connection(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HACIENDA_TRANSPORT", raising=False)
    assert connections.connect(ADDRESS) is connections.connect(ADDRESS)
    connections.connect(ADDRESS).run("true")
    folder = ssh.folder()
    connections.close_all()
    assert "-O exit" in calls.read_text()
    assert not folder.exists()


def test_a_connection_that_does_not_end_delays_nobody(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "_EXIT_SECONDS", 0.2)
    transport = ssh.SshTransport(ADDRESS)
    transport.run("true")
    (calls.parent / "stuck").touch()
    transport.close()
    assert "-O exit" in calls.read_text()


def test_what_a_killed_process_left_is_swept_away(calls: Path) -> None:
    ssh.cleanup()
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = Path(tempfile.mkdtemp(prefix=f"hacienda-ssh-{gone.pid}-", dir="/tmp"))
    living = Path(tempfile.mkdtemp(prefix=f"hacienda-ssh-{os.getpid()}-", dir="/tmp"))
    elsewhere = Path(tempfile.mkdtemp(prefix=f"hacienda-ssh-{gone.pid}-", dir="/tmp"))
    (left / "key").touch()
    holder = subprocess.Popen(["flock", str(elsewhere), "sh", "-c", "echo held; read -r end"], stdin=-1, stdout=-1)
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    try:
        ssh.SshTransport(ADDRESS).run("true")
        assert not left.exists()
        assert living.exists()
        assert elsewhere.exists(), "its process has this number in another PID namespace, and lives"
    finally:
        holder.communicate(b"end\n")
        living.rmdir()
        elsewhere.rmdir()


def test_the_folder_in_use_is_locked(calls: Path) -> None:
    ssh.cleanup()
    ssh.SshTransport(ADDRESS).run("true")
    assert subprocess.run(["flock", "-n", str(ssh.folder()), "true"]).returncode == 1
    ssh.cleanup()
