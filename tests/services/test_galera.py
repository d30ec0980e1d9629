"""Galera: what is rendered, who founds the component again, and when a server is healthy."""

from __future__ import annotations

import datetime
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from hacienda.cloud import Cloud, entrance
from hacienda.services import galera
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {
    **{name: Found(rf"{name}=([^;\"]+)") for name in galera.EVS_TIMERS},
    "poll": Found(r"^POLL_SECONDS = (\S+)$"),
    "read time-out of the checker": Found(r"^READ_TIMEOUT_SECONDS = (\S+)$"),
    "stale": Found(r"^STALE_SECONDS = (\S+)$"),
    "drain": Found(r"^seconds=(\S+)"),
    "memory": Found(r"^innodb_buffer_pool_size = (\d+)$", "bytes"),
    "disk": Found(r"gcache\.size=(\d+)M", "MiB"),
    "connections": Found(r"^max_connections = (\d+)$", "count"),
}

CONFIGURATION = "/etc/mysql/mariadb.conf.d/90-hacienda.cnf"
GIB = 1024**3
ACCOUNTS = composed.program("galera", "accounts.py")
FOUNDER = composed.program("galera", "founder.py")
CHECK = composed.program("galera", "check.py")
HEALTHY = {"wsrep_ready": "ON", "wsrep_local_state": "4", "wsrep_cluster_status": "Primary"}
Statement = tuple[str, tuple[str, ...]]
UUID, OTHER = "99ae80bd-e5a6-11f1-97f8-bbad0d8f51e9", "a55d2ee2-e5a6-11f1-bec5-d26624fb0909"


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def options(cloud: Cloud, node: str = "ctl-1") -> dict[str, str]:
    """Galera's provider options on a node."""
    text = composed.rendered(cloud, "galera", node)[CONFIGURATION].text
    line = composed.settings(text)["wsrep_provider_options"].strip('"')
    return dict(part.split("=", 1) for part in line.split(";"))


def seconds(period: str) -> float:
    return float(period.removeprefix("PT").removesuffix("S"))


def test_every_member_names_all_members_and_itself(lab: Cloud) -> None:
    for node, address in (("ctl-1", "10.77.0.11"), ("ctl-3", "10.77.0.13")):
        set_to = composed.settings(composed.rendered(lab, "galera", node)[CONFIGURATION].text)
        assert set_to["wsrep_cluster_address"] == "gcomm://10.77.0.11,10.77.0.12,10.77.0.13"
        assert set_to["wsrep_node_name"] == node
        assert set_to["bind_address"] == address


def test_a_commit_is_on_disk_and_over_tcp_there_is_only_tls(lab: Cloud) -> None:
    set_to = composed.settings(composed.rendered(lab, "galera")[CONFIGURATION].text)
    assert set_to["innodb_flush_log_at_trx_commit"] == "1"
    assert set_to["innodb_snapshot_isolation"] == "OFF"
    assert set_to["require_secure_transport"] == "ON"
    assert set_to["encrypt"] == "4"
    assert options(lab)["socket.ssl"] == "YES"
    assert options(lab)["gmcast.listen_addr"].startswith("ssl://10.77.0.11:")


def test_failure_detection_is_set_as_a_whole(lab: Cloud) -> None:
    # Left to themselves, install_timeout and join_retrans_period follow inactive_timeout into an endless loop.
    evs = {key: seconds(value) for key, value in options(lab).items() if key.startswith("evs.")}
    assert evs["evs.keepalive_period"] * 3 < evs["evs.suspect_timeout"] < evs["evs.inactive_timeout"]
    assert evs["evs.join_retrans_period"] * 5 < evs["evs.install_timeout"] < evs["evs.inactive_timeout"]


def test_members_never_form_again_by_themselves(lab: Cloud) -> None:
    assert options(lab)["pc.recovery"] == "FALSE"


def test_the_configuration_holds_no_password(lab: Cloud) -> None:
    for file in composed.rendered(lab, "galera").values():
        if file.kind == "file":
            assert file.secrets == (), file.path


@pytest.mark.parametrize(
    ("memory", "pool"),
    [("1GiB", 409), ("4GiB", 1638), ("64GiB", 8192), ("256MiB", 128)],
)
def test_the_buffer_pool_follows_the_memory(tmp_path: Path, memory: str, pool: int) -> None:
    text = composed.LAB.replace("controller: 3", f"controller: {{count: 3, memory: {memory}}}")
    set_to = composed.settings(composed.rendered(composed.cloud(tmp_path, text), "galera")[CONFIGURATION].text)
    assert set_to["innodb_buffer_pool_size"] == str(pool * 1024**2)


def test_options_win_over_the_memory(tmp_path: Path) -> None:
    text = composed.LAB + "services:\n  galera: {buffer_pool: 512MiB, gcache: 1GiB, max_connections: 300}\n"
    cloud = composed.cloud(tmp_path, text)
    set_to = composed.settings(composed.rendered(cloud, "galera")[CONFIGURATION].text)
    assert set_to["innodb_buffer_pool_size"] == str(GIB // 2)
    assert set_to["max_connections"] == "300"
    assert options(cloud)["gcache.size"] == "1024M"


@pytest.mark.parametrize(
    ("services", "accepted"),
    [
        ("", 1000),
        # Three controllers with 30 workers, each with 9 connections to the database, and 100 more.
        ("services:\n  keystone: {workers: 30}\n  placement: {workers: 30}\n", 1800),
    ],
)
def test_a_server_accepts_what_all_clients_may_open(tmp_path: Path, services: str, accepted: int) -> None:
    cloud = composed.cloud(tmp_path, composed.LAB + services)
    set_to = composed.settings(composed.rendered(cloud, "galera")[CONFIGURATION].text)
    assert int(set_to["max_connections"]) == accepted
    assert sum(entrance.pools(cloud).values()) + entrance.KEPT <= accepted
    assert galera.max_connections(cloud) == accepted


def test_clients_get_one_writer_and_the_check_asks_the_checker() -> None:
    (front,) = galera.service.frontends
    assert front.single_writer
    assert front.mode == "tcp"
    assert galera.service.port(front.check.port).number == 9200
    assert front.timeout_seconds == 3600


def test_each_consumer_gets_a_schema(lab: Cloud) -> None:
    assert (
        composed.rendered(lab, "galera")["/etc/hacienda/accounts/database/keystone.json"].text
        == '{"user": "keystone"}\n'
    )


def test_users_may_log_in_from_the_management_network_only(lab: Cloud) -> None:
    assert composed.fact(lab, "galera", "CLIENT_NETWORK") == "10.77.0.0/255.255.255.0"


class TestAccounts:
    """An account accepts its former password until every client has the new one."""

    NETWORK = "10.77.0.0/255.255.255.0"

    @staticmethod
    def alter(statements: Iterator[Statement], user: str = "keystone") -> list[str]:
        """Hashes that the account accepts from now on."""
        ((text, values),) = [one for one in statements if one[1][:1] == (user,) and " VIA " in one[0]]
        assert text.startswith("ALTER USER %s@%s IDENTIFIED VIA mysql_native_password USING %s")
        assert text.endswith("REQUIRE SSL ACCOUNT UNLOCK")
        assert text.count("%s") == len(values)
        return list(values[2:])

    def statements(self, password: str, *present: tuple[str, str, str], retire: bool = False) -> Iterator[Statement]:
        made: Iterator[Statement] = ACCOUNTS.statements(
            {"keystone": "keystone"}, {"keystone": password}, self.NETWORK, ACCOUNTS.parse(present), retire
        )
        return made

    def row(
        self, *passwords: str, host: str = NETWORK, user: str = "keystone", locked: bool = False
    ) -> tuple[str, str, str]:
        """An account as MariaDB 11.8 keeps it: the empty entry stands for its first way in."""
        first, *others = [
            {"plugin": "mysql_native_password", "authentication_string": ACCOUNTS.password_hash(password)}
            for password in passwords
        ]
        known = {**first, "account_locked": locked, **({"auth_or": [{}, *others]} if others else {})}
        return user, host, json.dumps(known)

    def test_the_hash_is_the_servers(self) -> None:
        # SELECT PASSWORD('A') of MariaDB 11.8.9.
        assert ACCOUNTS.password_hash("A") == "*26307F6B5CDB40C15C247B96C131CC1E0B3FFD1B"

    def test_the_former_password_stays_until_it_is_retired(self) -> None:
        old, new = ACCOUNTS.password_hash("old"), ACCOUNTS.password_hash("new")
        assert self.alter(self.statements("new", self.row("old"))) == [new, old]
        assert self.alter(self.statements("new", self.row("new", "old"))) == [new, old], "run twice"
        assert self.alter(self.statements("new", self.row("new", "old"), retire=True)) == [new]
        assert self.alter(self.statements("new")) == [new]

    def test_two_are_accepted_at_most_as_pymysql_answers_one_question_more(self) -> None:
        wanted = [ACCOUNTS.password_hash("third"), ACCOUNTS.password_hash("second")]
        assert self.alter(self.statements("third", self.row("second", "first"))) == wanted

    def test_a_locked_account_accepts_nothing_of_before(self) -> None:
        assert len(self.alter(self.statements("new", self.row("old", locked=True)))) == 1

    def test_no_password_is_in_a_statement(self) -> None:
        assert "plain text" not in repr(list(self.statements("plain text")))

    @pytest.mark.parametrize(
        ("user", "host", "locked"),
        [
            ("glance", NETWORK, True),
            ("keystone", "10.0.0.0/255.0.0.0", True),
            ("keystone", NETWORK, False),
            ("operator", "%", False),
        ],
    )
    def test_an_account_of_ours_that_nothing_declares_is_locked(self, user: str, host: str, locked: bool) -> None:
        made = list(self.statements("new", self.row("any", user=user, host=host)))
        assert (("ALTER USER %s@%s ACCOUNT LOCK", (user, host)) in made) is locked

    @given(st.text(), st.text(), st.text())
    def test_what_a_server_says_is_a_value_and_never_a_statement(self, user: str, host: str, text: str) -> None:
        known = {"plugin": "mysql_native_password", "authentication_string": text}
        rows = [(user, f"{host}/", json.dumps(known)), ("keystone", self.NETWORK, json.dumps(known))]
        ours = {made for made, _ in (*self.statements("new"), *self.statements("new", self.row("any", "other")))}
        ours.add("ALTER USER %s@%s ACCOUNT LOCK")
        made = list(self.statements("new", *rows))
        assert {statement for statement, _ in made} <= ours
        assert all(ACCOUNTS.HASH.fullmatch(value) for sql, values in made if "VIA" in sql for value in values[2:])

    def test_the_driver_reads_no_statement_from_anybody(self) -> None:
        ran: list[Statement] = []

        class Cursor:
            def execute(self, statement: str, values: tuple[str, ...] = ()) -> None:
                ran.append((statement, values))

            def fetchall(self) -> list[tuple[str, str, str]]:
                return [("x\n\\\\! id", "10.0.0.0/255.0.0.0", "{}")]

        ACCOUNTS.reconcile(Cursor(), {"keystone": "keystone"}, {"keystone": "new"}, self.NETWORK, False)
        assert ran[0] == (ACCOUNTS.PRESENT, ())
        assert ran[-1] == ("ALTER USER %s@%s ACCOUNT LOCK", ("x\n\\\\! id", "10.0.0.0/255.0.0.0"))


class TestFounder:
    """Nobody founds anything unless it is certain whose data is the newest."""

    MEMBERS = ("ctl-1", "ctl-2", "ctl-3")

    def test_the_highest_position_founds(self) -> None:
        at = {"ctl-1": f"{UUID}:7", "ctl-2": f"{UUID}:12", "ctl-3": f"{UUID}:9"}
        assert FOUNDER.founder(self.MEMBERS, at) == "ctl-2"

    def test_among_equals_the_first_name_founds(self) -> None:
        assert FOUNDER.founder(self.MEMBERS, dict.fromkeys(self.MEMBERS, f"{UUID}:7")) == "ctl-1"

    def test_a_missing_member_may_hold_the_last_commit(self) -> None:
        said = FOUNDER.founder(self.MEMBERS, {"ctl-1": f"{UUID}:7", "ctl-2": f"{UUID}:9"})
        assert said == (
            f"wait:ctl-3 did not publish a position (known: ctl-1 {UUID}:7, ctl-2 {UUID}:9)"
            "|start ctl-3; if lost for good, decide: /usr/lib/hacienda/galera/decide.sh ctl-2"
        )

    def test_two_clusters_are_never_merged(self) -> None:
        said = FOUNDER.founder(self.MEMBERS, {"ctl-1": f"{UUID}:7", "ctl-2": f"{OTHER}:99", "ctl-3": f"{UUID}:8"})
        assert said.startswith("wait:the members hold data of different clusters")
        assert "decide.sh NODE" in said

    def test_blank_members_wait_for_the_one_with_data(self) -> None:
        at = {"ctl-1": f"{FOUNDER.BLANK}:-1", "ctl-2": f"{UUID}:3", "ctl-3": f"{FOUNDER.BLANK}:-1"}
        assert FOUNDER.founder(self.MEMBERS, at) == "ctl-2"

    def test_blank_members_alone_found_nothing(self) -> None:
        said = FOUNDER.founder(self.MEMBERS, dict.fromkeys(self.MEMBERS, f"{FOUNDER.BLANK}:-1"))
        assert said.startswith("wait:no member has any data|restore a backup")

    @given(st.dictionaries(st.sampled_from(MEMBERS), st.integers(-1, 10**12), min_size=1))
    def test_nothing_committed_is_lost(self, seqnos: dict[str, int]) -> None:
        said = FOUNDER.founder(self.MEMBERS, {node: f"{UUID}:{seqno}" for node, seqno in seqnos.items()})
        if len(seqnos) == len(self.MEMBERS):
            assert seqnos[said] == max(seqnos.values())
        else:
            assert said.startswith("wait:")


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestHealth:
    """A server gets clients only when it is Primary, Synced, ready, and has not failed a moment ago."""

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"wsrep_cluster_status": "non-Primary"}, "component is non-Primary, not Primary"),
            ({"wsrep_local_state": "1", "wsrep_local_state_comment": "Joining"}, "state is Joining, not Synced"),
            ({"wsrep_local_state": "2"}, "gives a copy to another member"),
            ({"wsrep_local_state": "2", "wsrep_ready": "OFF"}, "state is unknown, not Synced"),
            ({"wsrep_ready": "OFF"}, "wsrep_ready is off"),
        ],
    )
    def test_the_reason_is_told(self, change: dict[str, str], reason: str) -> None:
        health = CHECK.Health(Clock())
        health.observe({**HEALTHY, **change})
        assert health.report()["ready"] is False
        assert health.report()["reason"] == reason

    def test_a_server_that_starts_is_believed_at_once(self) -> None:
        health = CHECK.Health(Clock())
        health.observe({}, "no answer: connection refused")
        health.observe(HEALTHY)
        assert health.report()["ready"] is True

    def test_a_server_that_failed_is_believed_after_five_good_seconds(self) -> None:
        clock = Clock()
        health = CHECK.Health(clock)
        health.observe(HEALTHY)
        health.observe({}, "no answer: timed out")
        for passed, ready in ((0.0, False), (4.9, False), (5.1, True)):
            clock.now = 1000.0 + passed
            health.observe(HEALTHY)
            assert health.report()["ready"] is ready

    def test_a_donor_has_not_failed(self) -> None:
        health = CHECK.Health(Clock())
        for status in (HEALTHY, {**HEALTHY, "wsrep_local_state": "2"}, HEALTHY):
            health.observe(status)
        assert health.report()["ready"] is True

    def test_a_donor_is_no_better_than_it_would_be_otherwise(self) -> None:
        giving = {**HEALTHY, "wsrep_local_state": "2"}
        leaving = CHECK.Health(Clock(), leaving=lambda: True)
        leaving.observe(giving)
        assert leaving.report()["reason"] == "about to stop"
        hung = CHECK.Health(Clock())
        for status in (HEALTHY, {}, giving):
            hung.observe(status)
        assert hung.report()["reason"] == "failed less than 5 s ago"

    def test_a_server_that_is_about_to_stop_gets_no_new_clients(self) -> None:
        health = CHECK.Health(Clock(), leaving=lambda: True)
        health.observe(HEALTHY)
        assert health.report()["reason"] == "about to stop"

    def test_the_time_outside_a_primary_component_counts_from_its_first_second(self) -> None:
        clock = Clock()
        health = CHECK.Health(clock)
        health.observe(HEALTHY)
        assert health.report()["outside_seconds"] == 0
        for status in ("non-Primary", "Disconnected", "non-Primary"):
            clock.now += 2
            health.observe({**HEALTHY, "wsrep_cluster_status": status})
        assert health.report()["outside_seconds"] == 4
        health.observe(HEALTHY)
        assert health.report()["outside_seconds"] == 0

    def test_a_server_cannot_say_what_the_checker_says(self) -> None:
        health = CHECK.Health(Clock())
        health.observe({"ready": "true", "outside_seconds": "x[$(id)]", "wsrep_cluster_status": "Primary"})
        assert health.report()["ready"] is False
        assert health.report()["outside_seconds"] == 0

    def test_a_checker_that_is_stuck_says_no(self) -> None:
        clock = Clock()
        health = CHECK.Health(clock)
        health.observe(HEALTHY)
        clock.now += 3
        assert health.report()["reason"] == "the checker is stuck"


class Hung:
    """A connection whose server never answers."""

    closed = False

    def cursor(self) -> Hung:
        return self

    def __enter__(self) -> Hung:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, _: str) -> None:
        raise TimeoutError("timed out")

    def _force_close(self) -> None:
        self.closed = True


def test_a_hung_connection_is_dropped_and_the_watchdog_is_told() -> None:
    clock = Clock()
    health, hung = CHECK.Health(clock), Hung()
    health.observe({**HEALTHY, "wsrep_cluster_status": "non-Primary"})
    clock.now += 2
    assert health.report()["outside_seconds"] == 2
    CHECK.Poller(health, lambda: hung).poll()
    assert hung.closed
    assert health.report()["reason"] == "no answer: timed out"
    assert health.report()["outside_seconds"] == 0


@pytest.fixture(name="certificate")
def _certificate(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ctl-1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(name="served")
def _served(certificate: Path) -> Iterator[tuple[Any, int]]:
    health = CHECK.Health()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    server = CHECK.Server(listener, health, tls)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield health, listener.getsockname()[1]
    server.shutdown()
    server.server_close()


def ask(port: int) -> tuple[int, dict[str, Any]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    connection.request("GET", "/")
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_the_checker_answers_over_https(served: tuple[Any, int]) -> None:
    health, port = served
    assert ask(port)[0] == 503
    health.observe(HEALTHY)
    status, report = ask(port)
    assert status == 200
    assert report["wsrep_cluster_status"] == "Primary"
    health.observe({**HEALTHY, "wsrep_local_state": "2"})
    assert ask(port)[0] == 404


def test_a_client_without_tls_disturbs_nobody(served: tuple[Any, int]) -> None:
    health, port = served
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        health.observe(HEALTHY)
        assert ask(port)[0] == 200


WELL = r"""printf '%s\t%s\n' wsrep_cluster_status Primary wsrep_local_state 4 wsrep_cluster_size 3"""


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ('{"ready": true, "reason": ""}', 0, "Primary, Synced, 3/3\n"),
        ('{"ready": false, "reason": "about to stop"}', 1, "load balancers send no clients here: about to stop|"),
        ("", 1, "load balancers send no clients here: the health checker does not answer|"),
    ],
)
def test_a_server_that_gets_no_clients_is_not_well(
    lab: Cloud, tmp_path: Path, answer: str, code: int, said: str
) -> None:
    programs = {"mariadb": WELL, "systemctl": "", "curl": f"[[ $* == *//10.77.0.11:* ]] && printf '%s' '{answer}'"}
    outcome = Sandbox(tmp_path / "node", lab, "ctl-1", "galera", programs).run("verify.sh")
    assert outcome.code == code
    assert outcome.output.startswith(said)


def test_whoever_starts_the_server_ends_its_leave(lab: Cloud) -> None:
    """`systemctl restart mariadb` runs drain.sh, too: the server would get no client for ever."""
    files = composed.rendered(lab, "galera")
    said = files["/usr/lib/hacienda/galera/common.sh"].text.split("\nleaving=", 1)[1].split()[0]
    assert f"ExecStartPre=+/bin/rm -f {said}\n" in files["/etc/systemd/system/mariadb.service"].text
    assert str(CHECK.LEAVING) == said
