"""The SSH command line, read by the real client: what holds against the operator's own configuration, and what is refused."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hacienda
from hacienda.environment.settings import Ssh
from hacienda.errors import InputError
from hacienda.remote import commandline
from hacienda.remote.transport import Address
from tests import programs

ADDRESS = Address("ctl-1", "192.0.2.1", "known_hosts:/operators/known_hosts")
CONFIGURATION = """\
Host *
  ForwardAgent yes
  ForwardX11 yes
  ForwardX11Trusted yes
  PermitLocalCommand yes
  LocalCommand touch {folder}/ran
  RemoteForward 9999 localhost:22
  LocalForward 8888 localhost:22
  DynamicForward 7777
  RemoteCommand id
  RequestTTY force
  KnownHostsCommand /bin/echo all
  UpdateHostKeys yes
  VerifyHostKeyDNS yes
  GSSAPIDelegateCredentials yes
  Tunnel yes
  StrictHostKeyChecking no
  BatchMode no
  User mallory
  Port 2
"""
"""An operator's configuration with everything that must not come through."""
HELD = {
    "batchmode": "yes",
    "stricthostkeychecking": "true",
    "updatehostkeys": "false",
    "verifyhostkeydns": "false",
    "canonicalizehostname": "false",
    "forwardagent": "no",
    "forwardx11": "no",
    "forwardx11trusted": "no",
    "gssapidelegatecredentials": "no",
    "clearallforwardings": "yes",
    "tunnel": "false",
    "permitlocalcommand": "no",
    "requesttty": "false",
    "loglevel": "ERROR",
}


def understood(folder: Path, words: list[str]) -> dict[str, str]:
    """What the real client makes of a command line (`ssh -G`), beside the worst of configurations."""
    programs.needed("ssh")
    file = folder / "config"
    file.write_text(CONFIGURATION.format(folder=folder))
    done = subprocess.run(
        [words[0], "-G", "-F", str(file), *words[1:]], capture_output=True, text=True, check=True, timeout=30
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


def assert_held(said: dict[str, str]) -> None:
    assert {name: said.get(name) for name in HELD} == HELD
    for name in ("localforward", "remoteforward", "dynamicforward", "remotecommand", "knownhostscommand"):
        assert name not in said


def test_no_configuration_of_the_operators_gives_a_node_anything(tmp_path: Path) -> None:
    said = understood(tmp_path, commandline.command(ADDRESS, {"ConnectTimeout": "3"}, "true"))
    assert_held(said)
    assert (said["user"], said["port"], said["hostname"], said["connecttimeout"]) == ("root", "22", "192.0.2.1", "3")
    assert len(commandline.ALWAYS) == len(HELD) + 2  # two that `ssh -G` leaves out where they are none


@pytest.mark.parametrize("jump", ["gate.example", "operator@gate.example:2222", "first.example,me@second.example:23"])
def test_nor_does_a_jump_host_get_anything(tmp_path: Path, jump: str) -> None:
    address = Address("ctl-1", "192.0.2.1", ADDRESS.trust, jump=jump)
    proxy = understood(tmp_path, commandline.command(address, {}, "true"))["proxycommand"]
    for hop in reversed(jump.split(",")):
        # As the client replaces its tokens, and a shell then reads it.
        words = shlex.split(proxy.replace("%%", "\0").replace("%h", "192.0.2.1").replace("%p", "22").replace("\0", "%"))
        assert words[0] == "ssh", "the client puts an `exec` before it"
        assert words[-1] == hop.partition("@")[2].partition(":")[0] or words[-1] == hop
        assert words[-4:-1] == ["-W", "[192.0.2.1]:22", "--"]
        said = understood(tmp_path, words)
        assert {**said, "clearallforwardings": "yes"}.items() >= HELD.items()
        proxy = said.get("proxycommand", "")
    assert not proxy


NAMES = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=12)


@given(host=NAMES, user=NAMES, jump=NAMES | st.just(""), port=st.integers(1, 65535))
def test_whatever_an_address_says_it_is_one_host_or_refused(host: str, user: str, jump: str, port: int) -> None:
    """Names that begin with `-`, or hold what a shell reads, never reach the client."""
    try:
        words = commandline.command(Address("ctl-1", host, "", port, user, jump=jump), {}, "true")
    except InputError:
        return
    assert words[-3:] == ["--", host, "true"]
    assert not host.startswith("-")
    assert not user.startswith("-")
    assert words[words.index("-l") + 1] == user
    for option in commandline.ALWAYS:
        assert sum(word.startswith(f"{option}=") for word in words) == 1
    proxies = [word.removeprefix("ProxyCommand=") for word in words if word.startswith("ProxyCommand=")]
    assert len(proxies) == bool(jump)
    for proxy in proxies:
        assert re.fullmatch(r"[A-Za-z0-9]\S*", shlex.split(proxy)[-1])
        assert shlex.split(proxy)[-2] == "--"


@pytest.mark.parametrize("text", ["-oProxyCommand=id", "a b", "a;b", "$(id)", "", "a\nb", "a@b"])
@pytest.mark.parametrize("where", ["host", "user", "jump"])
def test_what_is_no_name_is_refused(where: str, text: str) -> None:
    if (where, text) in (("jump", ""), ("jump", "a@b")):
        return
    with pytest.raises(InputError, match="is not a "):
        commandline.command(Address(**{"node": "n", "host": "h", "trust": "", where: text}), {}, "true")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["-oProxyCommand=id", "-A", "a b", "x@-oProxyCommand=id", "x,-oy"])
def test_the_environment_file_refuses_them_too(text: str) -> None:
    for key in ("user", "jump"):
        with pytest.raises(ValueError, match="is not a"):
            Ssh.model_validate({key: text})


def test_nothing_else_builds_a_command_line_of_ssh() -> None:
    """Whoever needs ssh, scp, sftp or rsync asks the builder, which has the options."""
    root = Path(hacienda.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            first = node.elts[0] if isinstance(node, ast.List | ast.Tuple) and node.elts else None
            if isinstance(first, ast.Constant) and first.value in ("ssh", "scp", "sftp", "rsync", "ssh-keyscan"):
                found.add(path.relative_to(root).as_posix())
    scripts = [path for path in root.rglob("*") if path.suffix in (".sh", ".j2")]
    found |= {path.name for path in scripts if re.search(r"^\s*(ssh|scp|sftp|rsync)\s", path.read_text(), re.MULTILINE)}
    # A guest of a journey has a key of its own, and nobody knows it before.
    assert found == {"remote/commandline.py", "operate/journey/reach.py"}
