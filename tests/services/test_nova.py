"""Nova on controllers: what is rendered, how its cells are mapped, and what a migration does again."""

from __future__ import annotations

import sys
from configparser import ConfigParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlparse

import pytest

from hacienda.cloud import Cloud
from hacienda.errors import InputError
from hacienda.services import nova
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {"discovery": Found(r"^discover_hosts_in_cells_interval = (\d+)$")}

MIGRATE = composed.program("nova", "migrate.py")
TEMPLATE = "{scheme}://{username}:{password}@{hostname}:{port}/{path}?{query}"


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def configuration(cloud: Cloud, node: str = "ctl-1") -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(composed.rendered(cloud, "nova", node)[nova.CONFIGURATION].text)
    return parser


def test_a_cloud_has_it_on_request(tmp_path: Path) -> None:
    assert "nova" not in [service.name for service in composed.cloud(tmp_path, composed.LAB).services]


def test_without_a_network_for_instances_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neutron"):
        composed.cloud(tmp_path, f"{composed.LAB}services: {{glance: true, nova: true}}\n")


def test_three_schemas_have_one_user(lab: Cloud) -> None:
    accounts = [one for one in lab.registry["nova"].accounts if one.kind == "database"]
    assert [one.name for one in accounts] == ["nova_api", "nova", "nova_cell0"]
    assert {one.password for one in accounts} == {"database/nova"}
    schemas = [
        configuration(lab)[name]["connection"].partition("?")[0].rpartition("/")[2]
        for name in ("api_database", "database")
    ]
    assert schemas == ["nova_api", "nova"]


def test_every_process_and_pool_is_counted(lab: Cloud) -> None:
    """Two workers of each API, two conductors and a scheduler, each with four pools of four connections."""
    node = lab.node("ctl-1")
    counted = {one.name: one.connections(lab, node) for one in lab.registry["nova"].accounts if one.connections}
    assert counted == {"nova_api": 7 * 4, "nova": 7 * 2 * 4, "nova_cell0": 7 * 4}
    pools = [
        (configuration(lab)[name]["max_pool_size"], configuration(lab)[name]["max_overflow"])
        for name in ("api_database", "database")
    ]
    assert pools == [("2", "2"), ("2", "2")]


def test_as_many_candidates_as_schedulers(lab: Cloud) -> None:
    """With one candidate, schedulers that decide at the same time would all choose the same compute."""
    assert configuration(lab)["filter_scheduler"]["host_subset_size"] == "3"


def test_greenlets_are_patched_before_anything_else_is_loaded(lab: Cloud) -> None:
    lines = composed.rendered(lab, "nova")["/etc/nova/uwsgi.ini"].text.splitlines()
    shared = [line for line in lines if line.startswith("shared-import")]
    assert shared[0] == "shared-import = nova.api.openstack.wsgi_app"
    assert "threads = 1" in lines


def test_a_new_password_restarts_daemons_too(lab: Cloud) -> None:
    """Conductors and schedulers do not read their configuration again."""
    assert composed.rendered(lab, "nova")[nova.CONFIGURATION].on_change == "restart"


@pytest.mark.parametrize("brokers", [1, 2, 3, 5])
def test_the_template_of_a_transport_is_any_number_of_brokers(brokers: int) -> None:
    """As nova/objects/cell_mapping.py fills it."""
    url = "rabbit://" + ",".join(f"nova:secret@10.0.0.{each}:5671" for each in range(1, brokers + 1)) + "/nova"
    assert MIGRATE.TRANSPORT == TEMPLATE
    assert filled(MIGRATE.TRANSPORT, url).rstrip("?") == url


def test_the_templates_of_cells_differ_in_the_schema_alone() -> None:
    url = "mysql+pymysql://nova:secret@galera.lab.internal:3306/nova?charset=utf8&ssl_ca=/etc/nova/database/ca.pem"
    assert filled(MIGRATE.CONNECTION, url) == url
    assert filled(MIGRATE.CONNECTION_OF_CELL0, url) == url.replace("/nova?", "/nova_cell0?")


def filled(template: str, url: str) -> str:
    """What Nova makes of a cell's template: it takes the parts of a URL of its own configuration."""
    parts = urlparse(url)
    return template.format(
        username=parts.username,
        password=parts.password,
        hostname=parts.hostname,
        port=parts.port,
        scheme=parts.scheme,
        query=parts.query,
        path=parts.path.lstrip("/"),
    )


class Manage:
    """Stands for nova.cmd.manage: keeps the records of cells, and fails at a step of choice."""

    def __init__(self, fails: str = "", cells: dict[str, tuple[str, str, str]] | None = None) -> None:
        self.cells = dict(cells or {})
        self.steps: list[str] = []
        self._fails = fails

    def _step(self, name: str) -> int:
        self.steps.append(name)
        return int(name == self._fails)

    def CellV2Commands(self) -> Any:  # noqa: N802 Nova's name
        def map_cell0(database: str) -> int:
            self.cells["cell0"] = ("0", "none:///", database)
            return self._step("map_cell0")

        def create_cell(name: str, database: str, transport: str) -> int:
            self.cells[name] = ("1", transport, database)
            return self._step("create_cell")

        def update_cell(uuid: str, name: str, transport: str, database: str) -> int:
            self.cells[name] = (uuid, transport, database)
            return self._step("update_cell")

        return SimpleNamespace(map_cell0=map_cell0, create_cell=create_cell, update_cell=update_cell)

    def ApiDbCommands(self) -> Any:  # noqa: N802 Nova's name
        return SimpleNamespace(sync=lambda: self._step("api_db sync"))

    def DbCommands(self) -> Any:  # noqa: N802 Nova's name
        return SimpleNamespace(sync=lambda: self._step("db sync"))


MAPPED = {
    "cell0": ("0", "none:///", MIGRATE.CONNECTION_OF_CELL0),
    "cell1": ("1", MIGRATE.TRANSPORT, MIGRATE.CONNECTION),
}


@pytest.fixture(name="dropped")
def _dropped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Schemas whose tables were dropped as those of an interrupted first migration."""
    found: list[str] = []
    monkeypatch.setattr(MIGRATE, "clear", lambda url, used: found.append(url))
    monkeypatch.setattr(MIGRATE, "in_use", lambda url: False)
    monkeypatch.setenv("MIGRATE_USED", "SELECT 1 FROM cell_mappings LIMIT 1")
    return found


def sync(manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MIGRATE, "cells", lambda url: manage.cells)
    MIGRATE.sync(manage, "mysql://db/nova_api?a=b", "mysql://db/nova?a=b")


def test_both_cells_are_mapped_once(monkeypatch: pytest.MonkeyPatch, dropped: list[str]) -> None:
    manage = Manage()
    sync(manage, monkeypatch)
    assert manage.steps == ["api_db sync", "map_cell0", "create_cell", "db sync"]
    assert manage.cells == MAPPED
    sync(manage, monkeypatch)
    assert manage.steps[4:] == ["api_db sync", "db sync"]
    assert dropped == []


def test_a_cell_with_a_password_in_its_record_gets_the_template(
    monkeypatch: pytest.MonkeyPatch, dropped: list[str]
) -> None:
    manage = Manage(cells={**MAPPED, "cell1": ("1", "rabbit://nova:old@a:5671/nova", MIGRATE.CONNECTION)})
    sync(manage, monkeypatch)
    assert manage.cells == MAPPED
    assert "update_cell" in manage.steps


@pytest.mark.parametrize("step", ["api_db sync", "map_cell0", "create_cell", "db sync"])
def test_a_step_that_fails_ends_the_migration(step: str, monkeypatch: pytest.MonkeyPatch, dropped: list[str]) -> None:
    manage = Manage(fails=step)
    with pytest.raises(MIGRATE.MigrationError, match=step):
        sync(manage, monkeypatch)
    assert manage.steps[-1] == step


@pytest.mark.parametrize(
    ("first", "used", "schemas"),
    [(True, False, ["nova_api", "nova", "nova_cell0"]), (True, True, ["nova_api"]), (False, False, [])],
)
def test_tables_of_an_interrupted_first_migration_are_dropped(
    first: bool, used: bool, schemas: list[str], monkeypatch: pytest.MonkeyPatch, dropped: list[str]
) -> None:
    """Those of a cell whose daemons ever started stay; `clear` itself asks whether the API's are in use."""
    monkeypatch.setattr(MIGRATE, "in_use", lambda url: used)
    if first:
        monkeypatch.setenv("HACIENDA_FIRST", "1")
    sync(Manage(), monkeypatch)
    assert dropped == [f"mysql://db/{schema}?a=b" for schema in schemas]


@pytest.mark.parametrize(("urls", "code"), [(["", ""], 1), (["mysql://db/nova_api?", ""], 1)])
def test_without_a_database_it_ends_with_1(urls: list[str], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MIGRATE, "ready", lambda configuration, section: urls[section == "database"])
    monkeypatch.setattr(MIGRATE.importlib, "import_module", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["migrate.py", nova.CONFIGURATION, "api_database", "sync"])
    assert MIGRATE.main() == code


COMPUTES = composed.program("nova", "computes.py")
IDENTITY = sys.modules[COMPUTES.Identity.__module__]
NOW = "2026-11-29T14:00:00"


class Nova:
    """Two computes, and instances on the first. A migration is begun and never ends, unless `moves` says so."""

    def __init__(self, *statuses: str, state: str = "up", others: int = 1, moves: bool = False) -> None:
        self.computes = [
            {
                "id": f"id-{number}",
                "host": f"cmp-{number}",
                "state": state if number == 1 else "up",
                "status": "enabled",
            }
            for number in range(1, others + 2)
        ]
        self.servers = [
            {"id": f"i-{number}", "name": f"vm-{number}", "status": status, "OS-EXT-STS:task_state": None}
            for number, status in enumerate(statuses)
        ]
        self.moves = moves
        self.migrations: list[dict[str, str]] = []
        self.sent: list[tuple[str, str]] = []
        self.actions: list[str] = []
        self.unready = 0

    def get(self, path: str) -> Any:
        if path == "/os-services?binary=nova-compute":
            return {"services": self.computes}
        if path.startswith("/servers/detail"):
            assert path == "/servers/detail?all_tenants=1&host=cmp-1"
            return {"servers": list(self.servers)}
        assert path == "/os-migrations?source_compute=cmp-1"
        return {"migrations": list(self.migrations)}

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        self.sent.append((method, path))
        if path.startswith("/os-services/"):
            (own,) = (one for one in self.computes if one["id"] == path.rpartition("/")[2])
            if method == "DELETE":
                self.computes.remove(own)
            own.update(body or {})
            return
        assert body is not None
        (action,) = body
        self.actions.append(action)
        instance = path.split("/")[2]
        if action == "confirmResize":
            (moved,) = (one for one in self.migrations if one["instance_uuid"] == instance)
            if self.unready:
                self.unready -= 1
                raise IDENTITY.IdentityError("409 Conflict", refused=True)
            assert moved["status"] == "finished", "Nova confirms nothing else"
            moved["status"] = "confirmed"
            return
        (server,) = (one for one in self.servers if one["id"] == instance)
        if action == "migrate":
            assert (body["migrate"], server["status"]) == (None, "SHUTOFF"), "it would stop what runs"
            server.update({"status": "RESIZE", "OS-EXT-STS:task_state": "resize_migrating"})
            self.migration(instance, "migration", "migrating")
        else:
            assert body == {"os-migrateLive": {"host": None, "block_migration": "auto"}}
            server.update({"status": "MIGRATING", "OS-EXT-STS:task_state": "migrating"})
            self.migration(instance, "live-migration", "running")
            if self.moves:
                self.arrive(instance, "completed")

    def migration(self, instance: str, kind: str, status: str, at: str = f"{NOW}.000000") -> None:
        """Record one."""
        self.migrations.append({"instance_uuid": instance, "migration_type": kind, "status": status, "created_at": at})

    def arrive(self, instance: str, status: str) -> None:
        """The instance is on another compute, and its migration has this status."""
        self.servers = [one for one in self.servers if one["id"] != instance]
        (moved,) = (one for one in self.migrations if one["instance_uuid"] == instance)
        moved["status"] = status

    def asked_to_migrate(self) -> int:
        return len(self.actions)


def step(cloud: Nova, shared: bool = True) -> tuple[int, str]:
    """One step of a drain."""
    code, line = COMPUTES.drain(cloud, "cmp-1", NOW, shared)
    return code, line


def test_a_compute_is_drained_step_by_step() -> None:
    cloud = Nova("ACTIVE", "PAUSED", moves=True)
    assert step(cloud) == (75, "cmp-1 takes no instance any more")
    assert cloud.computes[0]["status"] == "disabled"
    assert step(cloud) == (75, "2 instances still move: vm-0, vm-1")
    assert step(cloud) == (0, "cmp-1 has no instance")
    assert cloud.asked_to_migrate() == 2
    COMPUTES.leave(cloud, "cmp-1")
    assert [one["host"] for one in cloud.computes] == ["cmp-2"]
    assert step(cloud)[0] == 0, "a second run finds nothing to do"
    COMPUTES.leave(cloud, "cmp-1")


def test_an_instance_that_moves_is_not_asked_again() -> None:
    cloud = Nova("ACTIVE")
    for _ in range(4):
        assert step(cloud)[0] == 75
    assert cloud.asked_to_migrate() == 1


def test_what_is_shut_off_moves_too_and_stays_confirmed() -> None:
    cloud = Nova("SHUTOFF", "ACTIVE", moves=True)
    assert step(cloud)[0] == 75
    assert step(cloud) == (75, "2 instances still move: vm-0, vm-1")
    assert cloud.actions == ["migrate", "os-migrateLive"]
    assert step(cloud) == (75, "1 instances still move: vm-0"), "it is not asked again"
    cloud.arrive("i-0", "post-migrating")
    assert step(cloud) == (75, "1 instances still move: i-0"), "Nova keeps the compute's record as long"
    cloud.arrive("i-0", "finished")
    assert step(cloud)[0] == 75
    assert cloud.actions[2:] == ["confirmResize"]
    assert step(cloud) == (0, "cmp-1 has no instance")
    assert cloud.actions[3:] == []


def test_a_move_that_cannot_be_confirmed_yet_is_confirmed_later() -> None:
    """Also one that an interrupted drain has left."""
    cloud = Nova()
    cloud.migration("i-0", "migration", "finished", "2026-11-28T00:00:00.000000")
    assert step(cloud)[0] == 75
    cloud.unready = 1
    assert step(cloud) == (75, "1 instances still move: i-0 (409 Conflict)")
    assert step(cloud) == (75, "1 instances still move: i-0")
    assert step(cloud)[0] == 0


def test_a_confirmation_that_nobody_answers_ends_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Nova()
    cloud.migration("i-0", "migration", "finished")
    step(cloud)

    def silent(*_: object) -> None:
        raise IDENTITY.IdentityError("timed out")

    monkeypatch.setattr(cloud, "send", silent)
    with pytest.raises(IDENTITY.IdentityError, match="timed out"):
        step(cloud)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("SUSPENDED", "resume"),
        ("RESCUE", "unrescue"),
        ("VERIFY_RESIZE", "resize confirm"),
        ("ERROR", "set --state active"),
        ("BUILD", "wait"),
    ],
)
def test_what_nova_moves_in_no_way_is_named_with_what_to_do(status: str, remedy: str) -> None:
    cloud = Nova("ACTIVE", status)
    code, line = step(cloud)
    what, _, fix = line.partition("|")
    assert (code, what) == (1, f"instances cannot be moved in their state: vm-1 (i-1, {status})")
    assert remedy in fix
    assert cloud.sent == [], "a refusal changes nothing"


def test_disks_on_the_compute_move_with_what_runs_alone() -> None:
    cloud = Nova("SHUTOFF")
    code, line = step(cloud, shared=False)
    assert (code, line.partition("|")[0]) == (1, "instances cannot be moved in their state: vm-0 (i-0, SHUTOFF)")
    assert "start what is SHUTOFF" in line
    assert cloud.sent == []


def test_a_tenant_decides_on_its_resize() -> None:
    """The former disk is on the compute until then, and Nova does not delete the compute's record."""
    cloud = Nova()
    cloud.migration("i-9", "resize", "finished")
    code, line = step(cloud)
    assert (code, line.partition("|")[0]) == (
        1,
        "instances that were resized away from cmp-1 wait for a decision: i-9",
    )
    assert cloud.sent == []


def test_an_instance_that_fails_on_its_new_compute_is_named() -> None:
    cloud = Nova("SHUTOFF")
    step(cloud)
    step(cloud)
    cloud.arrive("i-0", "error")
    code, line = step(cloud)
    assert (code, line.partition("|")[0]) == (1, "the migration of i-0 failed")


@pytest.mark.parametrize(
    ("cloud", "reason"),
    [
        (Nova("ACTIVE", state="down"), "cmp-1 does not run and has instances: vm-0 (i-0, ACTIVE)"),
        (Nova("ACTIVE", others=0), "no other compute runs and takes instances: vm-0 (i-0, ACTIVE)"),
    ],
    ids=["dead compute", "nowhere to go"],
)
def test_an_instance_that_cannot_move_keeps_its_compute(cloud: Nova, reason: str) -> None:
    code, line = step(cloud)
    assert (code, line.partition("|")[0]) == (1, reason)
    assert line.partition("|")[2]
    assert cloud.sent == [], "a refusal changes nothing"


@pytest.mark.parametrize("state", ["up", "down"])
def test_a_compute_without_instances_leaves_dead_or_alive(state: str) -> None:
    cloud = Nova(state=state, others=0)
    assert step(cloud)[0] == 75
    assert step(cloud)[0] == 0


@pytest.mark.parametrize(("at", "code"), [("2026-11-29T13:00:00", 75), ("2026-11-29T14:00:07.000000", 1)])
def test_a_migration_that_fails_is_not_tried_for_ever(at: str, code: int) -> None:
    """A failure before the drain says nothing about this try."""
    cloud = Nova("ACTIVE")
    step(cloud)
    cloud.migration("i-0", "live-migration", "error", at)
    found, line = step(cloud)
    assert found == code
    assert ("the migration of vm-0 (i-0) failed" in line) is (code == 1)


def test_a_compute_that_stays_takes_instances_again_unless_an_operator_stopped_it() -> None:
    cloud = Nova("ACTIVE")
    step(cloud)
    COMPUTES.stay(cloud, "cmp-1")
    assert cloud.computes[0]["status"] == "enabled"
    cloud.computes[0].update(status="disabled", disabled_reason="a noisy fan")
    COMPUTES.stay(cloud, "cmp-1")
    assert cloud.computes[0]["status"] == "disabled"


def test_a_controller_leaves_while_nova_does_not_answer(tmp_path: Path, lab: Cloud) -> None:
    box = Sandbox(tmp_path / "node", lab, "ctl-1", "nova", {"python3": 'echo "Nova is down|repair it"; exit 1'})
    assert box.run("leave.sh", "ctl-2").code == 0
    assert box.run("leave.sh", "--check", "cmp-1").code == 0
    refused = box.run("leave.sh", "--drain", "cmp-1")
    assert (refused.code, refused.output) == (1, "Nova is down|repair it\n")
    *words, shared = box.calls("python3")[-1].split()
    assert (words[1:3], shared) == (["drain", "cmp-1"], "1")
