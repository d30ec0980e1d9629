"""RabbitMQ: what is rendered, and what its users get."""

from __future__ import annotations

import base64
import hashlib
import secrets
import subprocess
from pathlib import Path

import pytest

from hacienda.cloud import Cloud
from hacienda.services import rabbitmq
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {
    "net_ticktime": Found(r"^net_ticktime = (\d+)$"),
    "heartbeat": Found(r"^heartbeat = (\d+)$", default=60),
    "memory": Found(r"^vm_memory_high_watermark\.absolute = (\d+)$", "bytes"),
    "disk": Found(r"^disk_free_limit\.absolute = (\d+)$", "bytes"),
}

CONFIGURATION = "/etc/rabbitmq/rabbitmq.conf"
DEFINITIONS = composed.program("rabbitmq", "definitions.py")


COMMON = "/usr/lib/hacienda/rabbitmq/common.sh"


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def configuration(cloud: Cloud, node: str = "ctl-1") -> dict[str, str]:
    return composed.settings(composed.rendered(cloud, "rabbitmq", node)[CONFIGURATION].text)


def test_clients_come_over_tls_on_the_nodes_own_address(lab: Cloud) -> None:
    set_to = configuration(lab, "ctl-2")
    assert set_to["listeners.tcp"] == "none"
    assert set_to["listeners.ssl.default"] == "10.77.0.12:5671"


def test_queues_are_quorum_queues_with_three_replicas(lab: Cloud) -> None:
    set_to = configuration(lab)
    assert set_to["default_queue_type"] == "quorum"
    assert set_to["quorum_queue.continuous_membership_reconciliation.target_group_size"] == "3"


def test_a_minority_pauses_only_where_there_is_a_majority(tmp_path: Path, lab: Cloud) -> None:
    assert configuration(lab)["cluster_partition_handling"] == "pause_minority"
    single = composed.cloud(tmp_path, composed.LAB.replace("controller: 3", "controller: 1"))
    assert configuration(single)["cluster_partition_handling"] == "ignore"


def test_no_peer_is_named_that_may_not_be_there_yet(lab: Cloud) -> None:
    # RabbitMQ would try 30 times for 10 s to reach each of them before the founder starts (docs/services/rabbitmq.md).
    assert not [key for key in configuration(lab) if key.startswith("cluster_formation.classic_config")]


def test_nodes_and_tools_talk_tls_and_listen_on_one_address(lab: Cloud) -> None:
    text = composed.rendered(lab, "rabbitmq")["/etc/rabbitmq/rabbitmq-env.conf"].text
    shown = subprocess.run(
        ["bash", "-euc", f'{text}\nprintf "%s\\n" "$NODENAME" "$SERVER_ADDITIONAL_ERL_ARGS" "$CTL_ERL_ARGS"'],
        check=True,
        capture_output=True,
        text=True,
    )
    name, server, tools = shown.stdout.splitlines()
    assert name == "rabbit@ctl-1"
    assert "-proto_dist inet_tls" in server
    assert "inet_dist_use_interface {10,77,0,11}" in server
    assert "-proto_dist inet_tls" in tools
    inter_node = composed.rendered(lab, "rabbitmq")["/etc/rabbitmq/inter-node-tls.config"].text
    assert inter_node.count("{verify, verify_peer}") == 2
    assert "{fail_if_no_peer_cert, true}" in inter_node


def test_a_blank_node_starts_only_when_told_whom_to_join(lab: Cloud) -> None:
    unit = composed.rendered(lab, "rabbitmq")["/etc/systemd/system/rabbitmq-server.service"].text
    assert "AssertPathExists=|/etc/rabbitmq/conf.d/90-peers.conf" in unit
    assert "AssertPathExists=|/var/lib/rabbitmq/mnesia/rabbit@ctl-1/schema.DAT" in unit


def test_the_cookie_is_readable_by_the_broker_alone(lab: Cloud) -> None:
    cookie = composed.rendered(lab, "rabbitmq")["/etc/hacienda/rabbitmq.cookie"]
    # The broker's copy is made of root's: of a file in a folder of the broker's, root would read whatever the broker puts there.
    assert (cookie.owner, cookie.mode, cookie.on_change) == ("root", 0o400, "reload")
    assert [secret.kind for secret in rabbitmq.service.secrets] == ["erlang-cookie"]


@pytest.mark.parametrize(("memory", "limit"), [("4GiB", 1717986918), ("64GiB", 8 * 1024**3)])
def test_publishers_are_blocked_before_the_machine_is_full(tmp_path: Path, memory: str, limit: int) -> None:
    text = composed.LAB.replace("controller: 3", f"controller: {{count: 3, memory: {memory}}}")
    assert configuration(composed.cloud(tmp_path, text))["vm_memory_high_watermark.absolute"] == str(limit)


def test_options_win(tmp_path: Path) -> None:
    text = composed.LAB + "services:\n  rabbitmq: {memory_limit: 512MiB, disk_free_limit: 1GiB}\n"
    set_to = configuration(composed.cloud(tmp_path, text))
    assert set_to["vm_memory_high_watermark.absolute"] == str(512 * 1024**2)
    assert set_to["disk_free_limit.absolute"] == str(1024**3)


def test_peers_reach_the_distribution_and_the_port_mapper() -> None:
    ports = {port.number: port.clients for port in rabbitmq.service.ports}
    assert ports == {5671: "internal", 25672: "peers", 4369: "peers"}


def test_a_user_may_do_anything_in_its_own_virtual_host_only() -> None:
    accounts = {name: (f"{name}-12345678", secrets.token_hex(8)) for name in ("nova", "cinder")}
    made = DEFINITIONS.definitions(accounts)
    allowed = [(one["user"], one["vhost"]) for one in made["permissions"]]
    assert allowed == [("cinder-12345678", "cinder"), ("nova-12345678", "nova")]
    assert {one["name"] for one in made["vhosts"]} == {"hacienda", "cinder", "nova"}
    assert all(one["tags"] == [] for one in made["users"])


def test_passwords_travel_as_salted_hashes() -> None:
    password = secrets.token_hex(8)
    (user,) = DEFINITIONS.definitions({"nova": ("nova-12345678", password)})["users"]
    raw = base64.b64decode(user["password_hash"])
    assert raw[4:] == hashlib.sha256(raw[:4] + password.encode()).digest()


def test_the_definitions_declare_the_queue_that_verify_asks_for() -> None:
    (queue,) = DEFINITIONS.definitions({})["queues"]
    assert (queue["vhost"], queue["name"]) == ("hacienda", "hacienda.verify")
    assert queue["arguments"] == {"x-queue-type": "quorum"}


def test_an_arbiter_runs_a_broker_like_any_other(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, composed.TWO_NODE)
    assert [node.name for node in cloud.servers("rabbitmq")] == ["ctl-1", "ctl-2", "arb-1"]
    set_to = configuration(cloud, "arb-1")
    assert set_to["cluster_partition_handling"] == "pause_minority"
    assert set_to["quorum_queue.continuous_membership_reconciliation.target_group_size"] == "3"
    assert composed.rendered(cloud, "rabbitmq", "arb-1").keys() == composed.rendered(cloud, "rabbitmq").keys()


class TestJoin:
    """Whom a node that starts belongs to: to the cluster as the running members list it, not as its own data remember it."""

    # ctl-1 is the peer that runs. A server that has data its cluster no longer knows refuses to start.
    RABBITMQCTL = r"""
case "$*" in
  *list_members*) cat "$STATE_DIR/members" ;;
  *forget_cluster_node*) echo "['rabbit@ctl-1']" >"$STATE_DIR/members" ;;
esac
"""
    SYSTEMCTL = r"""
case "$*" in
  *is-active*rabbitmq-server*) [[ -e $STATE_DIR/active ]] ;;
  start\ rabbitmq-server*) [[ ! -e $STATE_DIR/../var/lib/rabbitmq/mnesia/rabbit@ctl-2/schema.DAT ]] && touch "$STATE_DIR/active" ;;
esac
"""
    TIMEOUT = "[[ $2 == bash && $5 == 10.77.0.11 && -e $STATE_DIR/members ]]"

    @pytest.fixture
    def box(self, tmp_path: Path, lab: Cloud) -> Sandbox:
        programs = {"rabbitmqctl": self.RABBITMQCTL, "systemctl": self.SYSTEMCTL, "timeout": self.TIMEOUT, "sleep": ""}
        return Sandbox(tmp_path / "node", lab, "ctl-2", "rabbitmq", programs)

    @staticmethod
    def database(box: Sandbox) -> Path:
        return box.root / "var/lib/rabbitmq/mnesia/rabbit@ctl-2"

    def has_data(self, box: Sandbox) -> None:
        self.database(box).mkdir(parents=True)
        (self.database(box) / "schema.DAT").touch()

    @staticmethod
    def peer_lists(box: Sandbox, *names: str) -> None:
        (box.state / "members").write_text(str([f"rabbit@{name}" for name in names]))

    @staticmethod
    def named(box: Sandbox) -> list[str]:
        path = box.root / "etc/rabbitmq/conf.d/90-peers.conf"
        return list(composed.settings(path.read_text()).values()) if path.exists() else []

    def test_a_blank_node_joins_a_running_member(self, box: Sandbox) -> None:
        self.peer_lists(box, "ctl-1", "ctl-3")
        assert box.run("join.sh").code == 0
        assert self.named(box) == ["rabbit@ctl-2", "rabbit@ctl-1"]
        assert not [call for call in box.calls("rabbitmqctl") if "forget" in call]

    def test_a_blank_node_is_no_longer_taken_for_the_one_before_it(self, box: Sandbox) -> None:
        self.peer_lists(box, "ctl-1", "ctl-2")
        assert box.run("join.sh").code == 0
        assert "--quiet -n rabbit@ctl-1 forget_cluster_node rabbit@ctl-2" in box.calls("rabbitmqctl")

    def test_a_machine_that_left_and_was_kept_joins_anew(self, box: Sandbox) -> None:
        self.has_data(box)
        self.peer_lists(box, "ctl-1", "ctl-3")
        outcome = box.run("join.sh")
        assert outcome.code == 0, outcome.errors
        assert "the cluster removed this node" in outcome.errors
        assert (self.database(box).with_name("rabbit@ctl-2.left") / "schema.DAT").exists()
        assert self.named(box) == ["rabbit@ctl-2", "rabbit@ctl-1"]
        assert (box.state / "active").exists()

    def test_a_member_that_does_not_start_keeps_its_data(self, box: Sandbox) -> None:
        self.has_data(box)
        self.peer_lists(box, "ctl-1", "ctl-2", "ctl-3")
        outcome = box.run("join.sh")
        assert outcome.code == 1
        assert "rabbitmq-server did not start|" in outcome.errors
        assert (self.database(box) / "schema.DAT").exists()

    def test_a_cookie_that_changed_while_it_was_down_is_told_to_those_that_run(self, box: Sandbox) -> None:
        """Once: they expect the former one of this broker only until they are told."""
        self.has_data(box)
        (box.root / "etc/hacienda/rabbitmq.cookie").write_text("new")
        (box.root / "var/lib/rabbitmq/.erlang.cookie").write_text("old")
        assert box.run("prepare.sh").code == 0
        assert (box.root / "var/lib/rabbitmq/.erlang.cookie").read_text() == "new"
        for told in (True, False):
            self.peer_lists(box, "ctl-1", "ctl-2", "ctl-3")
            box.calls_file.unlink()
            box.run("join.sh")
            before, _, _ = box.calls_file.read_text().partition("systemctl start rabbitmq-server.service")
            assert ("set_cookie" in before) == told

    def test_data_are_kept_where_nobody_can_tell(self, box: Sandbox) -> None:
        self.has_data(box)
        assert box.run("join.sh").code == 1
        assert (self.database(box) / "schema.DAT").exists()


class TestWatch:
    """Who restarts after a partition that the brokers leave as it is."""

    ALL = "rabbit@ctl-1 rabbit@ctl-2 rabbit@ctl-3"
    # The broker says what it was parted from until it is restarted; the log tells once that two sides met.
    RABBITMQCTL = r"""cat "$STATE_DIR/sides"; echo ok"""
    SYSTEMCTL = r"""[[ $1 != restart ]] || echo "${ALL}|" >"$STATE_DIR/sides" """

    def box(self, tmp_path: Path, cloud: Cloud, node: str, sides: str) -> Sandbox:
        programs = {
            "rabbitmqctl": self.RABBITMQCTL,
            "systemctl": self.SYSTEMCTL.replace("${ALL}", self.ALL),
            "tail": "echo 'Mnesia: ** ERROR ** mnesia_event got {inconsistent_database, ...}'",
            "sleep": "",
        }
        made = Sandbox(tmp_path / "node", cloud, node, "rabbitmq", programs)
        (made.state / "sides").write_text(sides + "\n")
        return made

    @staticmethod
    def restarts(box: Sandbox) -> int:
        assert box.run("watch.sh").code == 0
        return box.calls("systemctl").count("restart rabbitmq-server.service")

    def test_the_smaller_side_restarts_once(self, tmp_path: Path, lab: Cloud) -> None:
        box = self.box(tmp_path, lab, "ctl-1", f"{self.ALL}|rabbit@ctl-2 rabbit@ctl-3")
        outcome = box.run("watch.sh")
        assert "parted from rabbit@ctl-2 rabbit@ctl-3 and met again: restarting" in outcome.errors
        assert box.calls("systemctl").count("restart rabbitmq-server.service") == 1

    def test_the_majority_waits_and_goes_on(self, tmp_path: Path, lab: Cloud) -> None:
        box = self.box(tmp_path, lab, "ctl-2", f"{self.ALL}|rabbit@ctl-3")
        assert self.restarts(box) == 0
        assert len(box.calls("sleep")) > 12

    def test_where_a_third_saw_both_the_second_restarts_in_the_end(self, tmp_path: Path, lab: Cloud) -> None:
        box = self.box(tmp_path, lab, "ctl-3", f"{self.ALL}|rabbit@ctl-2")
        assert self.restarts(box) == 1
        assert len(box.calls("sleep")) > 10

    @pytest.mark.parametrize(
        ("node", "sides", "count"),
        [
            ("ctl-1", "rabbit@ctl-1 rabbit@ctl-2|rabbit@ctl-2", 0),
            ("ctl-2", "rabbit@ctl-1 rabbit@ctl-2|rabbit@ctl-1", 1),
            ("ctl-1", f"{ALL}|", 0),
        ],
    )
    def test_of_two_halves_the_one_with_the_first_member_stays(
        self, tmp_path: Path, lab: Cloud, node: str, sides: str, count: int
    ) -> None:
        assert self.restarts(self.box(tmp_path, lab, node, sides)) == count

    def test_nobody_asks_a_broker_that_does_not_run(self, tmp_path: Path, lab: Cloud) -> None:
        box = self.box(tmp_path, lab, "ctl-1", f"{self.ALL}|rabbit@ctl-2 rabbit@ctl-3")
        (box.state / "bin/systemctl").write_text("#!/bin/bash\n[[ $1 != is-active ]]\n")
        assert box.run("watch.sh").code == 0
        assert not box.calls("rabbitmqctl")


class TestCookie:
    """A broker takes another cookie while it runs; its tools come with the one in their file, which changes after it."""

    # The broker lets in who comes with its own cookie.
    RABBITMQCTL = r"""
[[ ${RABBITMQ_ERLANG_COOKIE:-$(<"$STATE_DIR/../var/lib/rabbitmq/.erlang.cookie")} == "$(<"$STATE_DIR/broker")" ]] || exit 1
case "$*" in *set_cookie*) cp "$HACIENDA_ROOT/run/hacienda/rabbitmq.cookie" "$STATE_DIR/broker" ;; esac
"""

    @pytest.fixture
    def box(self, tmp_path: Path, lab: Cloud) -> Sandbox:
        programs = {"rabbitmqctl": self.RABBITMQCTL, "systemctl": ""}
        box = Sandbox(tmp_path / "node", lab, "ctl-2", "rabbitmq", programs)
        self.files(box, "new", "old", "old")
        return box

    @staticmethod
    def files(box: Sandbox, given: str, file: str, broker: str) -> None:
        (box.root / "etc/hacienda/rabbitmq.cookie").write_text(given)
        (box.root / "var/lib/rabbitmq").mkdir(parents=True, exist_ok=True)
        (box.root / "var/lib/rabbitmq/.erlang.cookie").write_text(file)
        (box.state / "broker").write_text(broker)

    @staticmethod
    def cookies(box: Sandbox) -> tuple[str, str]:
        return (box.root / "var/lib/rabbitmq/.erlang.cookie").read_text(), (box.state / "broker").read_text()

    @pytest.mark.parametrize("broker", ["old", "new"], ids=["as it was", "interrupted before its tools had it"])
    def test_it_is_taken_without_a_restart(self, box: Sandbox, broker: str) -> None:
        self.files(box, "new", "old", broker)
        assert box.run("reload.sh").code == 0
        assert self.cookies(box) == ("new", "new")
        assert (box.root / "var/lib/rabbitmq/.erlang.cookie").stat().st_mode & 0o777 == 0o400
        assert not (box.root / "run/hacienda/rabbitmq.cookie").exists()
        assert not any("restart" in call or "stop" in call for call in box.calls("systemctl"))

    def test_a_broker_that_does_not_answer_keeps_its_file(self, box: Sandbox) -> None:
        self.files(box, "new", "old", "hangs")
        assert box.run("reload.sh").code == 1
        assert self.cookies(box)[0] == "old"

    def test_an_equal_one_is_left_alone(self, box: Sandbox) -> None:
        self.files(box, "old", "old", "old")
        assert box.run("reload.sh").code == 0
        assert not any("set_cookie" in call for call in box.calls("rabbitmqctl"))

    def test_no_cookie_is_an_argument(self, box: Sandbox) -> None:
        self.files(box, "secret-cookie-2", "secret-cookie-1", "secret-cookie-1")
        assert box.run("reload.sh").code == 0
        assert "secret-cookie" not in "".join(box.calls("rabbitmqctl"))


def test_the_port_mapper_is_systemds(tmp_path: Path, lab: Cloud) -> None:
    """A tool that runs before it would start one that listens on all addresses."""
    programs = {
        "systemctl": "[[ $1 != is-active || -e $STATE_DIR/active ]]",
        "epmd": "",
        "rabbitmqctl": "",
        "timeout": "",
    }
    box = Sandbox(tmp_path / "node", lab, "ctl-2", "rabbitmq", programs)
    assert box.run("prepare.sh").code == 0
    calls = box.calls_file.read_text().splitlines()
    assert calls.index("epmd -kill") < calls.index("systemctl start epmd.socket")
    assert not [call for call in calls if call.startswith(("rabbitmqctl", "timeout"))]
    (box.state / "active").touch()
    box.calls_file.unlink()
    assert box.run("prepare.sh").code == 0
    assert not box.calls("epmd")
