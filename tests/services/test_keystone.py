"""Keystone: what is rendered, what reaches the catalogue, and how many keys are kept."""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.parse
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hacienda import cloudinit
from hacienda.cloud import Cloud
from hacienda.services import haproxy, keystone
from tests.services import composed
from tests.services.sandbox import Sandbox

ACCOUNTS = composed.program("keystone", "accounts.py")
USERS = composed.program("keystone", "users.py")
CATALOGUE = composed.program("keystone", "catalogue.py")
FOUND = composed.program("keystone", "found.py")
ISSUE = composed.program("keystone", "issue.py")
SCRIPTS = composed.ROOT / "hacienda/services/templates/keystone"


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def configuration(cloud: Cloud) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(composed.rendered(cloud, "keystone")["/etc/keystone/keystone.conf"].text)
    return parser


def test_the_database_is_the_writer_behind_the_virtual_ip_over_verified_tls(lab: Cloud) -> None:
    file = composed.rendered(lab, "keystone")["/etc/keystone/keystone.conf"]
    assert file.secrets == ("database/keystone",)
    assert (file.group, file.mode) == ("keystone", 0o640)
    url = urlsplit(configuration(lab)["database"]["connection"].replace("@{secret:database/keystone}@", "placeholder"))
    assert (url.hostname, url.port) == ("galera.lab.internal", 3306), "a name that is the database's alone"
    query = parse_qs(url.query)
    assert query["ssl_ca"] == ["/etc/keystone/database/ca.pem"]
    assert query["read_timeout"] == ["5"]


def test_connections_are_renewed_before_the_load_balancer_drops_them(lab: Cloud) -> None:
    front = lab.registry["galera"].frontends[0]
    assert int(configuration(lab)["database"]["connection_recycle_time"]) < (front.timeout_seconds or 60)


def test_a_dead_cache_costs_a_third_of_a_second(lab: Cloud) -> None:
    cache = configuration(lab)["cache"]
    assert cache["backend"] == "oslo_cache.memcache_pool"
    assert float(cache["memcache_socket_timeout"]) == 0.3
    assert cache["memcache_dead_retry"] == "60"


@pytest.mark.parametrize(("token", "rotation", "keys"), [(3600, 24, 5), (3600, 1, 51), (86400, 24, 5)])
def test_keys_outlive_the_tokens_they_signed(token: int, rotation: int, keys: int, lab: Cloud) -> None:
    options = keystone.KeystoneOptions(token_seconds=token, fernet_rotation_hours=rotation)
    assert keystone.active_keys(replace(lab, options={**lab.options, "keystone": options})) == keys


@pytest.mark.parametrize("rotation", [1, 24])
def test_a_rotation_keeps_as_many_keys_as_keystone_is_told(tmp_path: Path, rotation: int) -> None:
    options = f"\nservices: {{keystone: {{fernet_rotation_hours: {rotation}}}}}\n"
    cloud = composed.cloud(tmp_path, composed.LAB + options)
    kept = cloudinit.needs(cloud).keys["keystone/fernet-keys"]
    assert configuration(cloud)["fernet_tokens"]["max_active_keys"] == str(kept)


def test_the_api_speaks_tls_on_the_nodes_own_address(lab: Cloud) -> None:
    text = composed.rendered(lab, "keystone")["/etc/keystone/uwsgi.ini"].text
    assert "https-socket = 10.77.0.11:5000,/etc/keystone/tls/cert.pem,/etc/keystone/tls/key.pem," in text
    assert "http-socket" not in text.replace("https-socket", "")


def test_a_node_that_drains_ends_what_it_works_on(lab: Cloud) -> None:
    """Marked down, it would lose the requests in work; 404 takes only new ones away (http-check disable-on-404)."""
    files = composed.rendered(lab, "keystone")
    drained = re.search(r"touch (\S+);", files["/etc/systemd/system/keystone.service"].text)
    assert drained
    lines = files["/etc/keystone/uwsgi.ini"].text.splitlines()
    first = lines.index(f"route-if-not = exists:{drained[1]} goto:serving")
    assert lines[first + 1 : first + 3] == ["route = ^/healthcheck break:404 Not Found", "route-label = serving"]


def test_workers_follow_the_cpus(tmp_path: Path) -> None:
    for cpus, workers in ((1, 2), (4, 4), (32, 5)):
        text = composed.LAB.replace("controller: 3", f"controller: {{count: 3, cpus: {cpus}}}")
        ini = composed.rendered(composed.cloud(tmp_path, text), "keystone")["/etc/keystone/uwsgi.ini"].text
        assert composed.settings(ini)["processes"] == str(workers)


def test_who_comes_without_the_load_balancer_is_bounded_too(lab: Cloud) -> None:
    files = composed.rendered(lab, "keystone")
    ini = composed.settings(files["/etc/keystone/uwsgi.ini"].text.replace("-", "_"))
    largest = str(lab.registry["keystone"].frontends[0].largest_body)
    assert ini["limit_post"] == configuration(lab)["oslo_middleware"]["max_request_body_size"] == largest
    # A stuck request ends when nobody waits for it any more, and not before.
    assert int(ini["harakiri"]) > haproxy.Options().timeout


def test_guessing_a_password_locks_an_account_for_a_while(tmp_path: Path) -> None:
    found = configuration(composed.cloud(tmp_path))["security_compliance"]
    assert (found["lockout_failure_attempts"], found["lockout_duration"]) == ("10", "1800")
    text = composed.LAB + "services: {keystone: {lockout_failures: 3, lockout_seconds: 60}}\n"
    assert configuration(composed.cloud(tmp_path, text))["security_compliance"]["lockout_duration"] == "60"


def test_the_unit_pulls_nothing_up_that_has_rules_of_its_own(lab: Cloud) -> None:
    unit = composed.rendered(lab, "keystone")["/etc/systemd/system/keystone.service"].text
    assert not [line for line in unit.splitlines() if line.startswith(("Wants=", "Requires="))]


def test_the_administrators_password_is_for_root_and_never_an_argument(lab: Cloud) -> None:
    files = composed.rendered(lab, "keystone")
    assert files["/etc/openstack/clouds.yaml"].secrets == ("keystone/admin",)
    assert files["/etc/openstack/clouds.yaml"].mode == 0o600
    script = (SCRIPTS / "bootstrap.sh").read_text()
    assert "OS_BOOTSTRAP_PASSWORD=" in script
    assert "--bootstrap-password" not in script


def managed(box: Sandbox) -> list[str]:
    """What keystone-manage was asked to do, as Keystone's user and with its cache."""
    begin = f"-u keystone -- python3 {box.root}/usr/lib/hacienda/keystone/sealed_cache.py "
    calls = box.calls("runuser")
    assert all(call.startswith(begin) for call in calls)
    return [call.removeprefix(begin) for call in calls]


class TestReconcile:
    """The administrator's password is set by whoever can reach the database: no former one is needed."""

    @pytest.fixture
    def box(self, tmp_path: Path, lab: Cloud) -> Sandbox:
        python = """case $1 in *admin.py) [[ -e $STATE_DIR/set ]] || exit $(<"$STATE_DIR/code") ;; esac"""
        run = """if [[ $* == *bootstrap* && $OS_BOOTSTRAP_PASSWORD == secret-1 ]]; then
            # The one that finds an account locked sets the password, and the next one that it is right.
            [[ -e $STATE_DIR/locked && $OS_SECURITY_COMPLIANCE__LOCKOUT_FAILURE_ATTEMPTS -ge 1000000 ]] || touch "$STATE_DIR/set"
            rm -f "$STATE_DIR/locked"
        fi"""
        box = Sandbox(tmp_path / "node", lab, "ctl-1", "keystone", {"python3": python, "runuser": run})
        secret = box.root / "var/lib/hacienda/secrets/keystone/admin"
        secret.parent.mkdir(parents=True)
        secret.write_text("secret-1")
        return box

    @pytest.mark.parametrize(
        ("code", "ended", "calls"),
        [
            (0, 0, []),
            (3, 0, ["bootstrap"]),
            (1, 1, []),
        ],
    )
    def test_a_password_that_is_refused_is_set(self, box: Sandbox, code: int, ended: int, calls: list[str]) -> None:
        (box.state / "code").write_text(str(code))
        assert box.run("reconcile.sh").code == ended
        assert managed(box) == calls
        assert any("catalogue.py" in call for call in box.calls("python3")) is (ended == 0)

    def test_an_administrator_whom_a_stranger_has_locked_out_gets_in(self, box: Sandbox) -> None:
        """Until it has its options; bootstrap refuses an account that is locked, so it is told that none is."""
        (box.state / "code").write_text("3")
        (box.state / "locked").touch()
        assert box.run("reconcile.sh").code == 0
        assert managed(box) == ["bootstrap"] * 2
        assert any("accounts.py" in call for call in box.calls("python3"))

    def test_a_password_that_stays_refused_is_told(self, box: Sandbox) -> None:
        (box.state / "code").write_text("3")
        (box.state / "bin/runuser").write_text("#!/bin/bash\n")
        assert box.run("reconcile.sh").code == 3
        assert not any("accounts.py" in call for call in box.calls("python3"))

    def test_credentials_are_encrypted_with_the_present_key_before_the_former_goes(self, box: Sandbox) -> None:
        (box.state / "code").write_text("0")
        assert box.run("reconcile.sh", "--retire").code == 0
        assert "credential_migrate" in box.calls("runuser")[0]


@pytest.mark.parametrize(("unreconciled", "said"), [("1", "keystone answers\n"), ("", "no token|")])
def test_health_does_not_depend_on_a_password_that_is_not_set_yet(
    tmp_path: Path, lab: Cloud, unreconciled: str, said: str
) -> None:
    programs = {"systemctl": "", "curl": "", "timeout": "echo 'no token|why'; exit 1"}
    box = Sandbox(tmp_path / "node", lab, "ctl-1", "keystone", programs)
    outcome = box.run("verify.sh", "--local", HACIENDA_UNRECONCILED=unreconciled)
    assert (outcome.output + outcome.errors).startswith(said)
    assert outcome.code == (0 if unreconciled else 1)


def test_the_catalogue_names_the_virtual_ip(lab: Cloud) -> None:
    (entry,) = json.loads(composed.rendered(lab, "keystone")["/etc/hacienda/catalogue/keystone.json"].text)
    vip = lab.virtual_ip("internal")
    assert vip is not None
    url = f"https://{vip.hostname}:5000/v3"
    assert entry["endpoints"] == [{"interface": "internal", "url": url}, {"interface": "public", "url": url}]
    assert composed.fact(lab, "keystone", "INTERNAL_URL") == url


class FakeIdentity:
    """Keystone's catalogue, in memory."""

    def __init__(self, services: list[dict[str, Any]], endpoints: list[dict[str, Any]]) -> None:
        self.answers = {
            "/regions": {"regions": [{"id": "RegionOne"}]},
            "/services": {"services": services},
            "/endpoints": {"endpoints": endpoints},
        }
        self.sent: list[tuple[str, str, dict[str, Any]]] = []

    def get(self, path: str) -> Any:
        return self.answers[path.partition("?")[0]]

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        self.sent.append((method, path, body))
        return {"service": {"id": "made"}}


def entry(url: str, region: str = "RegionOne") -> dict[str, Any]:
    endpoints = [{"interface": "public", "url": url}]
    return {"type": "image", "name": "glance", "region": region, "endpoints": endpoints}


GLANCE = {"type": "image", "name": "glance", "id": "known"}


def listed(url: str) -> dict[str, Any]:
    return {"id": "e1", "service_id": "known", "interface": "public", "region_id": "RegionOne", "url": url}


def test_a_new_service_gets_its_endpoints() -> None:
    identity = FakeIdentity([], [])
    changes = CATALOGUE.reconcile(identity, [entry("https://a:9292")])
    assert [(method, path) for method, path, _ in identity.sent] == [("POST", "/services"), ("POST", "/endpoints")]
    assert identity.sent[1][2]["endpoint"]["service_id"] == "made"
    assert changes == ["service glance", "glance public https://a:9292"]


def test_a_moved_endpoint_is_corrected_in_place() -> None:
    identity = FakeIdentity([GLANCE], [listed("https://old:9292")])
    CATALOGUE.reconcile(identity, [entry("https://a:9292")])
    assert [(method, path) for method, path, _ in identity.sent] == [("PATCH", "/endpoints/e1")]


def test_a_catalogue_as_declared_is_left_alone() -> None:
    identity = FakeIdentity([GLANCE], [listed("https://a:9292")])
    assert CATALOGUE.reconcile(identity, [entry("https://a:9292")]) == []
    assert identity.sent == []


def test_a_new_region_is_made_first() -> None:
    identity = FakeIdentity([GLANCE], [])
    CATALOGUE.reconcile(identity, [entry("https://a:9292", region="north")])
    assert identity.sent[0] == ("POST", "/regions", {"region": {"id": "north"}})


def identity_of(*users: dict[str, Any]) -> FakeIdentity:
    identity = FakeIdentity([], [])
    identity.answers["/users"] = {"users": list(users)}
    return identity


@pytest.fixture
def accounts(tmp_path: Path) -> tuple[Any, Any]:
    """The administrator and the probe, with passwords below a folder of the test's."""
    for name in ("admin", "probe"):
        (tmp_path / name).write_text(f"password of {name}\n")
    return tuple(replace(one, file=tmp_path / one.file.name) for one in (ACCOUNTS.ADMIN, ACCOUNTS.PROBE))


def present(account: Any, **changed: Any) -> dict[str, Any]:
    return {"id": "u1", "name": account.name, "enabled": True, "options": ACCOUNTS.options(account), **changed}


class TestAccounts:
    """Nobody can keep the operators or the health checks out by sending wrong passwords."""

    @pytest.fixture(autouse=True)
    def _elsewhere(self, accounts: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ACCOUNTS, "PROBE", accounts[1])

    def test_the_probe_is_made_without_any_role(self, accounts: tuple[Any, Any]) -> None:
        identity = identity_of()
        assert ACCOUNTS.reconcile(identity, accounts[1], False) == "user hacienda-probe"
        ((method, path, body),) = identity.sent
        assert (method, path, body["user"]["password"]) == ("POST", "/users", "password of probe")
        assert body["user"]["options"]["ignore_lockout_failure_attempts"] is True
        assert body["user"]["options"]["lock_password"] is True
        assert "role" not in json.dumps(body)

    def test_what_is_right_is_left_alone(self, accounts: tuple[Any, Any]) -> None:
        for account in accounts:
            identity = identity_of(present(account))
            assert ACCOUNTS.reconcile(identity, account, True) == ""
            assert identity.sent == []

    def test_a_rotated_password_is_set(self, accounts: tuple[Any, Any]) -> None:
        identity = identity_of(present(accounts[1]))
        ACCOUNTS.reconcile(identity, accounts[1], False)
        assert identity.sent == [("PATCH", "/users/u1", {"user": {"password": "password of probe"}})]

    def test_the_administrator_cannot_be_locked_and_may_change_its_password(self, accounts: tuple[Any, Any]) -> None:
        identity = identity_of(present(accounts[0], options={}, enabled=False))
        ACCOUNTS.reconcile(identity, accounts[0], True)
        ((_, _, body),) = identity.sent
        assert body["user"]["options"]["ignore_lockout_failure_attempts"] is True
        assert "lock_password" not in body["user"]["options"]
        assert body["user"]["enabled"] is True
        assert "password" not in body["user"]


def test_health_is_asked_by_a_user_who_may_do_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every half minute a password travels through the entrance, and a token lies in /run: not the administrator's."""
    password = tmp_path / "probe"
    password.write_text("password of probe")
    sent: list[Any] = []

    def call(self: Any, method: str, path: str, body: Any, headers: Any = None) -> Any:
        sent.append(body)
        return None, {"X-Subject-Token": "token"}

    monkeypatch.setattr(ISSUE.Identity, "_call", call)
    monkeypatch.setattr(ISSUE, "PROBE", replace(ISSUE.PROBE, file=password))
    monkeypatch.setattr(sys.modules["ssl"], "create_default_context", lambda **_: None)
    assert ISSUE.token(ISSUE.Identity("https://x", "ca.pem"), tmp_path / "kept") == ("token", "issued")
    (body,) = sent
    assert body["auth"]["scope"] == "unscoped"
    assert body["auth"]["identity"]["password"]["user"]["name"] == "hacienda-probe"


class FakeEntrance:
    """The virtual IP: issues tokens, and accepts the one it issued last."""

    def __init__(self) -> None:
        self.issued = 0

    def log_in(self, account: Any) -> str:
        self.issued += 1
        return f"token {self.issued}"

    def validate(self, token: str) -> None:
        if token != f"token {self.issued}":
            raise ISSUE.IdentityError("404", refused=True)


def test_a_token_is_kept_for_half_a_minute(tmp_path: Path) -> None:
    entrance, kept = FakeEntrance(), tmp_path / "run" / "token"
    assert ISSUE.token(entrance, kept) == ("token 1", "issued")
    assert ISSUE.token(entrance, kept) == ("token 1", "validated")
    assert kept.stat().st_mode & 0o777 == 0o600
    old = kept.stat().st_mtime - ISSUE.KEEP_SECONDS
    os.utime(kept, (old, old))
    assert ISSUE.token(entrance, kept) == ("token 2", "issued")


def test_a_kept_token_that_is_refused_is_replaced(tmp_path: Path) -> None:
    entrance, kept = FakeEntrance(), tmp_path / "token"
    kept.write_text("of an earlier cloud")
    assert ISSUE.token(entrance, kept) == ("token 1", "issued")


def test_a_silent_entrance_is_not_asked_twice(tmp_path: Path) -> None:
    entrance, kept = FakeEntrance(), tmp_path / "token"
    ISSUE.token(entrance, kept)

    def hang(token: str) -> None:
        raise ISSUE.IdentityError("timed out")

    entrance.validate = hang  # type: ignore[method-assign]
    with pytest.raises(ISSUE.IdentityError):
        ISSUE.token(entrance, kept)
    assert entrance.issued == 1


@pytest.mark.parametrize(("failing", "code", "commands"), [("", 0, 2), ("db_sync", 3, 1), ("bootstrap", 3, 2)])
def test_the_database_is_filled_before_the_administrator_is_made(
    failing: str, code: int, commands: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lab: Cloud
) -> None:
    told = tmp_path / "told"

    def manage(argv: list[str]) -> None:
        with told.open("a") as file:
            file.write(f"{' '.join(argv)} {os.environ['OS_DATABASE__CONNECTION'].partition('?')[2]}\n")
        if failing in argv:
            sys.exit(3)

    package, module = ModuleType("keystone.cmd"), ModuleType("keystone.cmd.cli")
    vars(package)["cli"], vars(module)["main"] = module, manage
    monkeypatch.setitem(sys.modules, "keystone.cmd", package)
    written = tmp_path / "keystone.conf"
    written.write_text(composed.rendered(lab, "keystone")["/etc/keystone/keystone.conf"].text)
    monkeypatch.setattr(FOUND, "CONFIGURATION", str(written))
    database = sys.modules[FOUND.ready.__module__]
    monkeypatch.setattr(database, "reachable", lambda url: True)
    monkeypatch.setattr(database, "settled", lambda url, members: told.unlink(missing_ok=True))
    monkeypatch.setattr(FOUND, "clear", lambda url, used: told.unlink(missing_ok=True))
    monkeypatch.setattr(sys, "argv", ["found.py", "--bootstrap-region-id", "north"])
    monkeypatch.setenv("OS_DATABASE__CONNECTION", "")
    monkeypatch.setenv("DATABASE_MEMBERS", composed.fact(lab, "keystone", "DATABASE_MEMBERS"))
    assert FOUND.main() == code
    # Migrations may take longer than a query of the API may.
    query = "charset=utf8&ssl_ca=/etc/keystone/database/ca.pem&connect_timeout=3"
    expected = ["keystone-manage db_sync", "keystone-manage bootstrap --bootstrap-region-id north"]
    assert told.read_text().splitlines() == [f"{command} {query}" for command in expected[:commands]]


class FakeKeystone:
    """Projects, roles, users and assignments, in memory: what users.py asks of Keystone's API."""

    def __init__(self) -> None:
        self.projects: dict[str, dict[str, Any]] = {}
        self.roles: dict[str, dict[str, Any]] = {"r-admin": {"id": "r-admin", "name": "admin"}}
        self.users: dict[str, dict[str, Any]] = {}
        self.assigned: set[tuple[str, str, str]] = set()

    def get(self, path: str) -> Any:
        where, _, query = path.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        if where.startswith("/users/"):
            return {"user": self.users[where.removeprefix("/users/")]}
        if where == "/role_assignments":
            return {
                "role_assignments": [
                    {"role": {"id": role}, "user": {"id": user, "name": self.users[user]["name"]}}
                    for project, user, role in sorted(self.assigned)
                    if project == asked["scope.project.id"] and asked.get("user.id") in (None, user)
                ]
                + [{"role": {"id": "r-admin"}, "group": {"id": "g1", "name": "operators"}}]
            }
        kept = getattr(self, where.removeprefix("/"))
        return {where.removeprefix("/"): [one for one in kept.values() if one["name"] == asked["name"]]}

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        parts = path.strip("/").split("/")
        if method == "POST":
            assert body is not None
            (kind,) = body
            made = {"id": f"{kind}-{body[kind]['name']}", "enabled": True, **body[kind]}
            getattr(self, f"{kind}s")[made["id"]] = made
            return {kind: made}
        if len(parts) == 2 and method == "DELETE":
            del self.users[parts[1]]
            self.assigned = {one for one in self.assigned if one[1] != parts[1]}
        elif len(parts) == 2:
            assert body is not None
            self.users[parts[1]] |= body["user"]
        else:
            _, project, _, user, _, role = parts
            change = self.assigned.add if method == "PUT" else self.assigned.remove
            change((project, user, role))
        return None

    def roles_of(self, name: str) -> set[str]:
        return {role for _, user, role in self.assigned if self.users[user]["name"] == name}


class TestUsersOfServices:
    """A service's user changes its name with its password; the former one stays until every node has the new one."""

    @pytest.fixture(autouse=True)
    def _folders(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.declared, self.kept = tmp_path / "identity", tmp_path / "secrets"
        self.declared.mkdir()
        self.kept.mkdir()
        monkeypatch.setattr(USERS, "accepted", lambda url, account: True)

    def declare(self, name: str, digits: str, *roles: str, user: str = "") -> None:
        (self.declared / f"{name}.json").write_text(json.dumps({"roles": roles, "user": user or name}))
        (self.kept / (user or name)).write_text(f"password {digits}\n")
        (self.kept / f"{user or name}.user").write_text(f"{user or name}-{digits}\n")

    def run(self, identity: FakeKeystone, retire: bool = False) -> list[str]:
        done: list[str] = USERS.users(identity, "https://x", USERS.declared(self.declared, self.kept), retire)
        return done

    def test_project_role_and_user_are_made_once(self) -> None:
        identity = FakeKeystone()
        self.declare("glance", "0" * 8, "service")
        done = self.run(identity)
        assert done == ["project service", "role service", "user glance-00000000", "glance-00000000: roles service"]
        (user,) = identity.users.values()
        assert user["password"] == f"password {'0' * 8}"
        assert user["options"]["lock_password"] is True
        assert identity.roles_of("glance-00000000") == {"role-service"}
        assert self.run(identity) == []

    def test_a_former_user_stays_until_it_is_retired(self) -> None:
        identity = FakeKeystone()
        self.declare("glance", "0" * 8, "service")
        self.run(identity)
        self.declare("glance", "1" * 8, "service")
        self.run(identity)
        assert identity.roles_of("glance-00000000") == identity.roles_of("glance-11111111") == {"role-service"}
        assert self.run(identity, retire=True) == ["removed glance-00000000"]
        assert [user["name"] for user in identity.users.values()] == ["glance-11111111"]

    def test_roles_that_are_not_declared_are_taken_away(self) -> None:
        identity = FakeKeystone()
        self.declare("glance", "0" * 8, "service", "admin")
        self.run(identity)
        self.declare("glance", "0" * 8, "service")
        self.run(identity)
        assert identity.roles_of("glance-00000000") == {"role-service"}

    def test_accounts_of_one_user_have_the_roles_of_both(self) -> None:
        identity = FakeKeystone()
        self.declare("nova_api", "0" * 8, "service", user="nova")
        self.declare("nova", "0" * 8, "admin")
        self.run(identity)
        assert identity.roles_of("nova-00000000") == {"role-service", "r-admin"}

    def test_a_user_that_nothing_declares_is_removed_and_an_operators_is_kept(self) -> None:
        identity = FakeKeystone()
        self.declare("glance", "0" * 8, "service")
        self.run(identity)
        identity.users["own"] = {"id": "own", "name": "backup-12345678", "description": "the operator's"}
        identity.assigned.add(("project-service", "own", "role-service"))
        (self.declared / "glance.json").unlink()
        assert self.run(identity) == ["removed glance-00000000"]
        assert list(identity.users) == ["own"]
