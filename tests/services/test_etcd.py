"""etcd: who founds, who joins, who waits. A wrong answer here is two clusters."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hacienda import services
from hacienda.services import etcd
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {
    "heartbeat": Found(r"^ETCD_HEARTBEAT_INTERVAL=(\d+)$", "ms"),
    "election": Found(r"^ETCD_ELECTION_TIMEOUT=(\d+)$", "ms"),
}

ETCDCTL = r"""
case "$*" in
  *"member list"*) [[ -e $STATE_DIR/members ]] || exit 1; cat "$STATE_DIR/members" ;;
  *"member add"*)
    echo "00add, unstarted, , https://10.77.0.13:2380, , true" >>"$STATE_DIR/members"
    echo "Member 00add added to cluster 1234" ;;
  *"member remove"*) sed -i "/^${@: -1},/d" "$STATE_DIR/members" ;;
  *"member promote"*) sed -i 's/^\(00add.*\), true$/\1, false/' "$STATE_DIR/members" ;;
  *"endpoint health"*) cat "$STATE_DIR/health" ;;
  *"alarm list"*) cat "$STATE_DIR/alarms" 2>/dev/null || true ;;
  *"get"*) echo '"ClusterID" : 1234' ;;
esac
"""
SYSTEMCTL = r"""
case "$*" in
  *is-active*) [[ -e $STATE_DIR/active ]] ;;
  start*) touch "$STATE_DIR/active" ;;
  stop*) rm -f "$STATE_DIR/active" ;;
  show*) echo inactive ;;
esac
"""
CURL = '[[ ! -e $STATE_DIR/refused ]] || exit 7; [[ -e $STATE_DIR/peer ]] && cat "$STATE_DIR/peer"'
OTHERS = (
    "00001, started, ctl-1, https://10.77.0.11:2380, https://10.77.0.11:2379, false\n"
    "00002, started, ctl-2, https://10.77.0.12:2380, https://10.77.0.12:2379, false\n"
)
SELF = "00003, started, ctl-3, https://10.77.0.13:2380, https://10.77.0.13:2379, false\n"


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    programs = {"etcdctl": ETCDCTL, "systemctl": SYSTEMCTL, "curl": CURL}
    return Sandbox(tmp_path / "node", composed.cloud(tmp_path), "ctl-3", "etcd", programs)


def data(box: Sandbox) -> Path:
    return box.root / "var/lib/etcd/default"


def has_data(box: Sandbox) -> None:
    log = data(box) / "member/wal/0.wal"
    log.parent.mkdir(parents=True)
    log.touch()


def recorded(box: Sandbox) -> None:
    (box.root / "var/lib/hacienda/cluster.json").write_text('{"etcd": "1234"}')


def listed(box: Sandbox, text: str) -> None:
    (box.state / "members").write_text(text)


def healthy_members(box: Sandbox, number: int) -> None:
    (box.state / "health").write_text(json.dumps([{"health": True}] * number))


def initial(box: Sandbox) -> dict[str, str]:
    path = box.root / "var/lib/hacienda/etcd/initial.env"
    return dict(re.findall(r"ETCD_INITIAL_(\w+)=(.*)", path.read_text())) if path.exists() else {}


def changes(box: Sandbox) -> list[str]:
    """What was asked of the cluster that changes it."""
    return re.findall(r"member (?:add|remove|promote).*", "\n".join(box.calls("etcdctl")))


def started(box: Sandbox) -> bool:
    return "start --no-block etcd.service" in box.calls("systemctl")


def test_it_founds_with_all_declared_members_when_there_is_nothing(box: Sandbox) -> None:
    assert box.run("join.sh").code == 0
    assert initial(box)["CLUSTER_STATE"] == "new"
    assert initial(box)["CLUSTER"] == (
        "ctl-1=https://10.77.0.11:2380,ctl-2=https://10.77.0.12:2380,ctl-3=https://10.77.0.13:2380"
    )
    assert initial(box)["CLUSTER_TOKEN"] == "hacienda-lab"
    assert started(box)


@pytest.mark.parametrize("peer", ["nobody listens", '[{"name": "ctl-1"}, {"name": "ctl-2"}]'])
def test_where_all_are_blank_nobody_waits_for_a_cluster_to_answer(box: Sandbox, peer: str) -> None:
    (box.state / ("peer" if peer.startswith("[") else "refused")).write_text(peer)
    assert box.run("join.sh").code == 0
    assert initial(box)["CLUSTER_STATE"] == "new"
    assert box.calls("etcdctl") == []


def test_a_recorded_node_asks_the_cluster_even_if_its_peers_seem_blank(box: Sandbox) -> None:
    recorded(box)
    (box.state / "refused").touch()
    assert box.run("join.sh").code == 1
    assert not started(box)


@pytest.mark.parametrize("answer", ["", "<html>", "[{"])
def test_a_peer_that_does_not_say_that_it_is_blank_is_not_taken_for_blank(box: Sandbox, answer: str) -> None:
    (box.state / "peer").write_text(answer)
    listed(box, OTHERS)
    assert box.run("join.sh").code == 0
    assert changes(box)[0].startswith("member add")


def test_a_blank_node_with_a_record_never_founds(box: Sandbox) -> None:
    recorded(box)
    outcome = box.run("join.sh")
    assert outcome.code == 1
    assert "no quorum of it answers" in outcome.errors
    assert not started(box)
    assert initial(box) == {}


def test_a_blank_node_beside_data_without_quorum_never_founds(box: Sandbox) -> None:
    (box.state / "peer").write_text('[{"name": "ctl-1", "clientURLs": ["https://10.77.0.11:2379"]}]')
    assert box.run("join.sh").code == 1
    assert not started(box)


def test_peers_that_are_still_founding_hold_nobody_up(box: Sandbox) -> None:
    (box.state / "peer").write_text('[{"name": "ctl-1"}, {"name": "ctl-2"}]')
    assert box.run("join.sh").code == 0
    assert initial(box)["CLUSTER_STATE"] == "new"


def test_who_comes_late_to_the_founding_comes_as_expected(box: Sandbox) -> None:
    listed(box, OTHERS + "00003, started, ctl-3, https://10.77.0.13:2380, , false\n")
    assert box.run("join.sh").code == 0
    assert initial(box)["CLUSTER_STATE"] == "existing"
    assert changes(box) == []
    assert started(box)


@pytest.mark.parametrize("with_record", [True, False])
def test_a_replaced_node_leaves_and_joins_as_a_learner_then_votes(box: Sandbox, with_record: bool) -> None:
    listed(box, OTHERS + SELF)
    if with_record:
        recorded(box)
    assert box.run("join.sh").code == 0
    assert changes(box) == [
        "member remove 00003",
        "member add ctl-3 --learner --peer-urls=https://10.77.0.13:2380",
        "member promote 00add",
    ]
    assert initial(box)["CLUSTER_STATE"] == "existing"
    assert "ctl-3=https://10.77.0.13:2380" in initial(box)["CLUSTER"]


def test_a_recorded_node_never_takes_over_an_id_that_may_have_voted(box: Sandbox) -> None:
    recorded(box)
    listed(box, OTHERS + "00003, started, ctl-3, https://10.77.0.13:2380, , false\n")
    assert box.run("join.sh").code == 0
    assert changes(box)[0] == "member remove 00003"


def test_data_that_the_cluster_knows_is_started(box: Sandbox) -> None:
    has_data(box)
    listed(box, OTHERS + SELF)
    assert box.run("join.sh").code == 0
    assert changes(box) == []
    assert initial(box) == {}
    assert started(box)


def test_data_is_started_when_nobody_answers(box: Sandbox) -> None:
    has_data(box)
    recorded(box)
    assert box.run("join.sh").code == 0
    assert started(box)


def test_data_of_a_removed_member_is_set_aside_and_kept(box: Sandbox) -> None:
    has_data(box)
    listed(box, OTHERS)
    assert box.run("join.sh").code == 0
    assert (data(box).parent / "default.removed/member/wal/0.wal").exists()
    assert changes(box)[0].startswith("member add ctl-3 --learner")


def test_an_interrupted_join_goes_on_with_the_id_it_was_given(box: Sandbox) -> None:
    listed(box, OTHERS + "00add, unstarted, , https://10.77.0.13:2380, , true\n")
    marker = box.root / "var/lib/hacienda/etcd/learner"
    marker.parent.mkdir()
    marker.write_text("00add\n")
    assert box.run("join.sh").code == 0
    assert changes(box) == ["member promote 00add"]
    assert not marker.exists()


def test_a_running_member_is_left_alone(box: Sandbox) -> None:
    (box.state / "active").touch()
    assert box.run("join.sh").code == 0
    assert changes(box) == []
    assert not started(box)


def test_verify_counts_members_and_may_look_at_its_own_alone(box: Sandbox) -> None:
    (box.state / "active").touch()
    listed(box, OTHERS + SELF)
    healthy_members(box, 2)
    assert box.run("verify.sh", "--local").output == "2/3 members\n"
    assert box.run("verify.sh").code == 1
    healthy_members(box, 3)
    assert box.run("verify.sh").output == "3/3 members\n"


def test_verify_wants_the_cluster_on_record(box: Sandbox) -> None:
    (box.state / "active").touch()
    listed(box, OTHERS + SELF)
    (box.root / "var/lib/hacienda/cluster.json").write_text('{"etcd": "99"}')
    assert "this node's record is 99" in box.run("verify.sh").errors


def test_verify_names_an_alarm(box: Sandbox) -> None:
    (box.state / "active").touch()
    listed(box, OTHERS + SELF)
    (box.state / "alarms").write_text("memberID:1 alarm:NOSPACE\n")
    assert "NOSPACE" in box.run("verify.sh").errors


@pytest.mark.parametrize(("healthy", "code"), [(2, 0), (1, 1)])
def test_a_member_restarts_only_while_the_others_keep_the_quorum(box: Sandbox, healthy: int, code: int) -> None:
    listed(box, OTHERS + SELF)
    healthy_members(box, healthy)
    assert box.run("may-stop.sh").code == code


def test_a_member_does_not_restart_while_nobody_knows_what_that_costs(box: Sandbox) -> None:
    """The list is not there: no quorum answers, or the client is late."""
    healthy_members(box, 2)
    outcome = box.run("may-stop.sh")
    assert (outcome.code, outcome.errors.splitlines()[-1]) == (1, "etcd does not answer|see hacienda-verify etcd")


@pytest.mark.parametrize(("healthy", "code"), [(2, 0), (1, 1)])
def test_leaving_is_checked_against_the_declared_members(box: Sandbox, healthy: int, code: int) -> None:
    listed(box, SELF)
    healthy_members(box, healthy)
    assert box.run("leave.sh", "--check", "ctl-1").code == code


def test_a_dead_member_is_taken_out_once(box: Sandbox) -> None:
    listed(box, OTHERS + SELF)
    assert box.run("leave.sh", "ctl-1").code == 0
    assert box.run("leave.sh", "ctl-1").code == 0
    assert changes(box) == ["member remove 00001"]


def test_a_member_cannot_take_itself_out(box: Sandbox) -> None:
    assert box.run("leave.sh", "ctl-3").code == 1


def test_both_sides_show_certificates_and_nothing_listens_in_the_clear(tmp_path: Path) -> None:
    text = composed.rendered(composed.cloud(tmp_path), "etcd")["/etc/default/etcd"].text
    set_to = dict(line.split("=", 1) for line in text.splitlines() if line.startswith("ETCD_"))
    assert set_to["ETCD_CLIENT_CERT_AUTH"] == set_to["ETCD_PEER_CLIENT_CERT_AUTH"] == "true"
    assert all(value.startswith("https://10.77.0.11:") for key, value in set_to.items() if key.endswith("_URLS"))
    assert set_to["ETCD_INITIAL_CLUSTER_STATE"] == "existing"


def test_another_member_changes_nobody_elses_configuration(tmp_path: Path) -> None:
    five = composed.LAB.replace("controller: 3", "controller: 5") + composed.CHOSEN
    before = composed.rendered(composed.cloud(tmp_path), "etcd")["/etc/default/etcd"].text
    assert before == composed.rendered(composed.cloud(tmp_path, five), "etcd")["/etc/default/etcd"].text


def test_an_arbiter_votes(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, composed.LAB.replace("controller: 3", "controller: 2\n  arbiter: 1"))
    assert [node.name for node in cloud.members("etcd")] == ["ctl-1", "ctl-2", "arb-1"]


def test_an_impatient_election_is_refused() -> None:
    with pytest.raises(ValueError, match="five times"):
        etcd.Options(heartbeat_ms=250, election_ms=1000)


KEY = re.compile(r"(?<![\w}])/hacienda/([a-z-]+)(?:/([a-z-]+))?")


@pytest.mark.parametrize("name", [service.name for service in services.registry()])
def test_a_service_uses_its_own_keys_alone(name: str) -> None:
    """Every key names the service that it is about: `/hacienda/<service>/...`, or what converge.sh keeps of it."""
    kept = {"boot", "rolling", "reconcile", "reconciled", "retired"}
    for path in composed.sources(name):
        for first, second in KEY.findall(path.read_text()):
            own = first == name or (first in kept and second == name) or (name, first) == ("etcd", "cluster")
            assert own, f"{path.name} uses /hacienda/{first}/{second}"
