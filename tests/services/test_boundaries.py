"""Nothing that root writes or reads by its name lies where a daemon's user may put something else: for every service there is."""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloudinit.node import paths
from hacienda.declare import files as declared_files
from tests.services import boundaries, composed
from tests.services.sandbox import Sandbox
from tests.test_shell import commands

DAEMON = 65534
"""A user other than root: nobody."""

SOCKETS = {"/run/mysqld/mysqld.sock"}
"""What is connected to: whoever listens is not believed (tests/services/test_rogue_server.py)."""

OTHER_USERS = {"keystone/found.py", "galera/check.py"}
"""Programs that run as their daemon's user."""


def below(path: str, folders: set[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


@pytest.fixture(name="folders", scope="module")
def _folders() -> set[str]:
    found = boundaries.folders(services.registry())
    assert {
        "/var/lib/mysql",
        "/run/mysqld",
        "/var/lib/rabbitmq",
        "/var/lib/etcd",
        "/run/keystone",
        "/var/log/rabbitmq",
    } <= found
    return found


@pytest.mark.parametrize(("text", "node"), [(composed.LAB + composed.CHOSEN, "ctl-1"), (composed.TWO_NODE, "arb-1")])
def test_every_file_is_roots_and_in_a_folder_of_roots(tmp_path: Path, folders: set[str], text: str, node: str) -> None:
    cloud = composed.cloud(tmp_path, text)
    made = [
        file
        for declared in cloud.running(cloud.node(node))
        for file in composed.rendered(cloud, declared.name, node).values()
    ]
    assert len(made) > 30
    assert not [file.path for file in made if file.owner != "root" or file.mode & 0o022]
    assert not [file.path for file in made if below(file.path, folders)]


def test_no_declaration_gives_a_file_away() -> None:
    kinds = (
        declared_files.Template,
        declared_files.SecretFile,
        declared_files.SecretDirectory,
        declared_files.Certificate,
    )
    assert not [kind for kind in (*kinds, declared_files.NodeFile) if "owner" in kind.__dataclass_fields__]


def test_units_have_root_touch_nothing_of_a_daemons(folders: set[str]) -> None:
    touched = []
    for declared in services.registry():
        for path, text in boundaries.units(declared):
            for prefixes, command in commands(text):
                if boundaries.user(text) == "root" or set(prefixes) & set("+!"):
                    touched += [f"{path}: {word}" for word in command.split() if below(word, folders)]
    assert not touched


def test_programs_of_roots_name_nothing_of_a_daemons(folders: set[str]) -> None:
    named = []
    for path in (*services.TEMPLATES.rglob("*.py"), *Path(paths.__file__).parent.glob("*.py")):
        if f"{path.parent.name}/{path.name}" in OTHER_USERS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and below(node.value, folders):
                named.append(f"{path.name}: {node.value}")
    assert {one.partition(": ")[2] for one in named} <= SOCKETS, named


AS_NOBODY = {
    "setpriv": """
while [[ $1 == --* ]]; do shift; done
exec /usr/bin/setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
""",
    "install": """
kept=()
while (($#)); do
    case $1 in -o) kept+=(-o nobody); shift ;; -g) kept+=(-g nogroup); shift ;; *) kept+=("$1") ;; esac
    shift
done
exec /usr/bin/install "${kept[@]}"
""",
}
"""Another user of this machine is the daemon's."""


@contextmanager
def linking(folder: Path, victim: Path) -> Iterator[None]:
    """The daemon's user puts a link in place of whatever new file there is in its folder, as fast as it can."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(DAEMON)
        os.setuid(DAEMON)
        while True:
            with contextlib.suppress(OSError):
                for name in os.listdir(folder):  # noqa: PTH208 the faster of the two
                    if name.endswith((".new", ".next")) or name.startswith("tmp."):
                        os.unlink(f"{folder}/{name}")  # noqa: PTH108
                        os.symlink(victim, f"{folder}/{name}")  # noqa: PTH211
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder to another user needs root")
def test_a_broker_that_races_root_for_its_cookie_gets_nothing(tmp_path: Path) -> None:
    """A link of that name, planted and raced: a file of root's is neither written nor handed over."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        programs = {**AS_NOBODY, "rabbitmqctl": "", "systemctl": ""}
        box = Sandbox(Path(place) / "node", composed.cloud(tmp_path), "ctl-1", "rabbitmq", programs)
        victim = Path(place) / "shadow"
        victim.write_text("root's")
        victim.chmod(0o600)
        folder = box.root / "var/lib/rabbitmq"
        os.chown(folder, DAEMON, DAEMON)
        for name in (".erlang.cookie.new", ".erlang.cookie.next"):
            (folder / name).symlink_to(victim)
        with linking(folder, victim):
            for number in range(8):
                (box.root / "etc/hacienda/rabbitmq.cookie").write_text(f"cookie-{number}")
                box.run("reload.sh")
        status = victim.stat()
        assert (status.st_uid, status.st_mode & 0o777, victim.read_text()) == (0, 0o600, "root's")
        assert not list(Path(place).glob("root*"))
