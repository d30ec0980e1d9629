"""A database server that a thief of its user replaced has root run nothing and hand over nothing. Real protocol, real driver.

That MariaDB's own client does as little, a node shows: tests/lab/test_boundaries.py.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.services import composed

ACCOUNTS = composed.program("galera", "accounts.py")
NETWORK = "10.77.0.0/255.255.255.0"


@contextmanager
def rogue(*arguments: str) -> Iterator[str]:
    """Its socket; a path of a test's own folder would be too long for one."""
    program = Path(__file__).with_name("rogue_server.py")
    with tempfile.TemporaryDirectory() as folder:
        place = f"{folder}/s"
        command = [sys.executable, str(program), place, *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            try:
                yield place
            finally:
                process.kill()


def reconcile(place: str, connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    """What reconcile.sh runs, with that server at the server's place."""
    monkeypatch.setattr(pymysql, "connect", lambda **given: connect(**{**given, "unix_socket": place, **more}))
    with ACCOUNTS.connect() as connection, connection.cursor() as cursor:
        ACCOUNTS.reconcile(cursor, {"keystone": "keystone"}, {"keystone": "new"}, NETWORK, False)


def test_an_account_named_like_a_command_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "mark"
    with rogue("rows", f"x' \\! id >{mark} #\nsystem id >{mark}\n", "10.0.0.0/255.0.0.0", "{}") as place:
        reconcile(place, pymysql.connect, monkeypatch)
    assert not mark.exists()


@pytest.mark.parametrize("asked_to", [False, True], ids=["as it is", "were it allowed"])
def test_a_file_that_the_server_asks_for_stays_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked_to: bool
) -> None:
    secret, loot = tmp_path / "shadow", tmp_path / "loot"
    secret.write_text("root:hash\n")
    with rogue("file", str(secret), str(loot)) as place:
        if asked_to:
            reconcile(place, pymysql.connect, monkeypatch, local_infile=True)
        else:
            with pytest.raises(RuntimeError, match="local_infile option is false"):
                reconcile(place, pymysql.connect, monkeypatch)
    assert loot.exists() is asked_to
