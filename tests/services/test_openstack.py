"""What OpenStack's services share: waiting for the database, migrations, reloads, and a health check by token."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hacienda import services
from hacienda.declare import Service
from tests.services import composed

DATABASE = composed.program("openstack", "database.py")
MIGRATE = composed.program("openstack", "migrate.py")
IDENTITY = composed.program("openstack", "identity.py")
SHARED = services.TEMPLATES / "openstack"


def test_a_reload_ends_when_no_worker_has_the_former_configuration(tmp_path: Path) -> None:
    """A master with two workers that are replaced one after the other, as uWSGI does it."""
    control = tmp_path / "control"
    os.mkfifo(control)
    begins = "sleep 60 & a=$!; sleep 60 & b=$!; echo ready"
    replaces = "for w in $a $b; do sleep 0.5; kill $w; sleep 60 & done; wait"
    master = f"{begins}; read -r _ <{control}; {replaces}"
    running = subprocess.Popen(["bash", "-c", master], stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        former = set(Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split())
        environment = {**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)}
        subprocess.run(["bash", str(SHARED / "reload.sh"), str(running.pid)], check=True, timeout=30, env=environment)
        now = set(Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split())
        assert len(former) == 2
        assert not former & now
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


class FakeDatabase:
    """What stands for SQLAlchemy: answers with one state after the other, None where nobody answers."""

    class exc:  # noqa: N801 the library's own names
        class SQLAlchemyError(Exception):
            pass

    class pool:  # noqa: N801
        NullPool = None

    def __init__(self, *states: dict[str, str] | None) -> None:
        self.left = list(states)

    def create_engine(self, url: str, **_: object) -> FakeDatabase:
        return self

    def connect(self) -> contextlib.AbstractContextManager[FakeDatabase]:
        return contextlib.nullcontext(self)

    def exec_driver_sql(self, query: str) -> list[tuple[str, str]]:
        state = self.left.pop(0)
        if state is None:
            raise self.exc.SQLAlchemyError
        return list(state.items())


def test_migrations_wait_until_nobody_is_given_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that gives one refuses changes of the schema, and the migration would have to begin again."""
    alone, giving = (
        {"wsrep_cluster_size": size, "wsrep_local_state": state} for size, state in (("1", "4"), ("3", "2"))
    )
    whole = {"wsrep_cluster_size": "3", "wsrep_local_state": "4"}
    database = FakeDatabase(None, alone, giving, whole, giving)
    monkeypatch.setitem(sys.modules, "sqlalchemy", database)
    monkeypatch.setattr(DATABASE, "RETRY_SECONDS", 0)
    DATABASE.settled("mysql://", 3)
    assert database.left == [giving]
    # No Galera at all.
    database.left = [{}, whole]
    DATABASE.settled("mysql://", 3)
    assert database.left == [whole]


class Tables:
    """What stands for SQLAlchemy with a schema: its tables, and those of them that have a row."""

    def __init__(self, *tables: str, rows: tuple[str, ...] = ()) -> None:
        self.tables, self.rows, self.dropped = list(tables), rows, list[str]()

    def create_engine(self, url: str, **_: object) -> Tables:
        return self

    def begin(self) -> contextlib.AbstractContextManager[Tables]:
        return contextlib.nullcontext(self)

    def inspect(self, _: Tables) -> Tables:
        return self

    def get_table_names(self) -> list[str]:
        return self.tables

    def dispose(self) -> None:
        pass

    def exec_driver_sql(self, query: str) -> Tables:
        if query.startswith("DROP TABLE"):
            self.dropped.append(query.split("`")[1])
        self.asked = query
        return self

    def first(self) -> tuple[int] | None:
        return (1,) if any(f"FROM {table} " in self.asked for table in self.rows) else None


@pytest.mark.parametrize(
    ("tables", "dropped"),
    [
        (Tables(), []),
        (Tables("traits"), ["traits"]),
        (Tables("traits", "providers", rows=("traits",)), ["traits", "providers"]),
        (Tables("traits", "providers", rows=("providers",)), []),
    ],
    ids=["empty", "begun", "unused", "used"],
)
def test_only_tables_that_nothing_used_are_dropped(
    tables: Tables, dropped: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted first migration cannot be repeated over its tables; what anybody used is never touched."""
    monkeypatch.setitem(sys.modules, "sqlalchemy", tables)
    DATABASE.clear("mysql://", "SELECT 1 FROM providers LIMIT 1")
    assert tables.dropped == dropped


def test_a_migration_waits_for_the_database_and_has_no_time_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = tmp_path / "one.conf"
    configuration.write_text(
        "[one_database]\nconnection = mysql://one@x/one?charset=utf8&read_timeout=5&write_timeout=5\n"
    )
    calls: list[Any] = []
    tool = ModuleType("one_manage")
    vars(tool)["main"] = lambda: calls.append((sys.argv, os.environ["OS_ONE_DATABASE__CONNECTION"]))
    monkeypatch.setitem(sys.modules, "one_manage", tool)
    database = sys.modules[MIGRATE.ready.__module__]
    monkeypatch.setattr(database, "settled", lambda url, members: calls.append(("settled", members)))
    monkeypatch.setattr(database, "reachable", lambda url: bool(url))
    monkeypatch.setattr(MIGRATE, "clear", lambda url, used: calls.append(f"cleared unless {used}"))
    monkeypatch.setenv("DATABASE_MEMBERS", "3")
    monkeypatch.setenv("HACIENDA_FIRST", "1")
    monkeypatch.setenv("MIGRATE_USED", "used")
    monkeypatch.setenv("OS_ONE_DATABASE__CONNECTION", "")
    monkeypatch.setattr(sys, "argv", ["migrate.py", str(configuration), "one_database", "one_manage", "db", "sync"])
    assert MIGRATE.main() == 0
    url = "mysql://one@x/one?charset=utf8"
    assert calls == [("settled", 3), "cleared unless used", (["one_manage", "db", "sync"], url)]
    calls.clear()
    monkeypatch.setattr(sys, "argv", ["migrate.py", str(configuration), "one_database", "one_manage", "db", "sync"])
    monkeypatch.setenv("HACIENDA_FIRST", "")
    assert MIGRATE.main() == 0
    assert "cleared unless used" not in calls
    calls.clear()
    monkeypatch.setattr(sys, "argv", ["migrate.py", str(configuration), "one_database", "one_manage", "db", "sync"])
    monkeypatch.setattr(database, "reachable", lambda url: False)
    assert MIGRATE.main() == 1
    assert calls == [("settled", 3)], "nothing is migrated without a database"


class Tokens:
    """Keystone: a token for each log-in."""

    def __init__(self) -> None:
        self.given = 0

    def log_in(self, account: Any) -> str:
        self.given += 1
        return f"token {self.given} of {account.name}"


class Api:
    """An API that answers with the token it was asked with, unless it has revoked the token."""

    def __init__(self, refused: bool = True) -> None:
        self.revoked = ""
        self._refused = refused
        self._token = ""

    def using(self, token: str) -> Api:
        self._token = token
        return self

    def get(self, path: str) -> str:
        if self._token == self.revoked:
            raise IDENTITY.IdentityError("401", self._refused)
        return self._token


def test_a_token_is_kept_until_it_is_old_or_somebody_elses(tmp_path: Path) -> None:
    """Another password comes with another user: whose token is kept counts, too."""
    keystone, api, file = Tokens(), Api(), tmp_path / "run/one.token"

    def asked(user: str) -> Any:
        return IDENTITY.Kept(keystone, IDENTITY.Account(user, tmp_path / "password", "service"), file).get(api)

    assert asked("one-00000000") == asked("one-00000000") == "token 1 of one-00000000"
    assert file.stat().st_mode & 0o777 == 0o600
    assert asked("one-11111111") == "token 2 of one-11111111"
    old = file.stat().st_mtime - IDENTITY.Kept.SECONDS
    os.utime(file, (old, old))
    assert asked("one-11111111") == "token 3 of one-11111111"


def test_a_kept_token_that_is_refused_is_replaced_and_one_that_nobody_answers_is_not(tmp_path: Path) -> None:
    """A user's tokens are revoked with its password. An API that fails would fail with a new token, too."""
    account, file = IDENTITY.Account("one", tmp_path / "password", "service"), tmp_path / "one.token"
    for refused, given in ((True, 2), (False, 1)):
        keystone, api = Tokens(), Api(refused)
        kept = IDENTITY.Kept(keystone, account, file)
        file.unlink(missing_ok=True)
        assert kept.get(api) == "token 1 of one"
        api.revoked = "token 1 of one"
        if refused:
            assert kept.get(api) == "token 2 of one"
        else:
            with pytest.raises(IDENTITY.IdentityError):
                kept.get(api)
        assert keystone.given == given


@pytest.mark.parametrize("service", [one for one in services.registry() if one.migrate], ids=lambda one: one.name)
def test_no_operator_has_it_believe_anybody(service: Service) -> None:
    """TLS stays on, and tokens are asked of the cloud's own Keystone."""
    assert service.overrides is not None
    for option in ("insecure", "auth_url", "delay_auth_decision"):
        assert list(service.overrides.refusals(service.name, {"keystone_authtoken": {option: "true"}})), option
