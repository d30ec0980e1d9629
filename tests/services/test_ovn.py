"""OVN's control plane: who founds, who joins under which id, who may stop. A wrong answer costs the logical networks a majority."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hacienda.services import ovn
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {
    "inactivity probe": Found(r'"pssl:6642:.*"inactivity-probe": (\d+)', "ms"),
    "northd's inactivity probe": Found(r'"pssl:6645:.*"inactivity-probe": (\d+)', "ms"),
    "election": Found(r"^ELECTION_MS=(\d+)", "ms"),
    "bfd interval": Found(r"^BFD_INTERVAL_MS=(\d+)", "ms"),
    "bfd multiplier": Found(r"^BFD_MULTIPLIER=(\d+)", "count"),
}

NB, SB = "11111111-aaaa-4aaa-8aaa-000000000001", "22222222-bbbb-4bbb-8bbb-000000000002"
APPCTL = r"""
case "$2" in *ovnnb*) side=nb ;; *ovnsb*) side=sb ;; *) side=northd ;; esac
case "$3" in
  cluster/status) [[ -e $STATE_DIR/active-$side && ! -e $STATE_DIR/dropped-$side ]] && cat "$STATE_DIR/status-$side" ;;
  cluster/kick) sed -i "/($5 at\| at $5)/d" "$STATE_DIR/status-$side" ;;
  status) cat "$STATE_DIR/northd" ;;
  *-connection-status) echo connected ;;
esac
"""
TOOL = r"""
case "$*" in *nb_db*|*Northbound*) side=nb ;; *) side=sb ;; esac
case "$*" in
  *db-cid*) cat "$STATE_DIR/cluster-$side" ;;
  *check-cluster*) cat "$STATE_DIR/left-$side" 2>/dev/null ;;
  *join-cluster*) for word; do case $word in *.db.new) echo joined >"$word" ;; esac; done
    rm -f "$STATE_DIR/left-$side" "$STATE_DIR/dropped-$side"
    cp "$STATE_DIR/joined-$side" "$STATE_DIR/status-$side" ;;
  *create-cluster*) for word; do case $word in *.db.new) echo founded >"$word" ;; esac; done ;;
  *create*) echo blank >"$2" ;;
esac
"""
CLIENT = r"""
for word; do case $word in ssl:*) address=${word#ssl:}; address=${address%:*}; esac; done
case "$*" in *OVN_Northbound*) side=nb ;; *) side=sb ;; esac
[[ -e $STATE_DIR/up-$address ]] || exit 1
printf '[{"rows":[{"connected":true,"cid":["uuid","%s"]}]}]' "$(cat "$STATE_DIR/cluster-$side")"
"""
CARRIES = r"""
case "$*" in
  *"find Chassis name=net-1"*) echo 0c5a ;;
  *chassisredirect*) cat "$STATE_DIR/carried" ;;
  *enable-chassis-as-gw*) cat "$STATE_DIR/gateways" ;;
esac
"""
SYSTEMCTL = r"""
case "$*" in *-nb*) side=nb ;; *-sb*) side=sb ;; *) side=northd ;; esac
case "$*" in
  *is-active*) [[ -e $STATE_DIR/active-$side ]] ;;
  start*) touch "$STATE_DIR/active-$side" ;;
  stop*) rm -f "$STATE_DIR/active-$side" ;;
esac
"""


def status(*members: str, leader: str = "0001", own: str = "0003") -> str:
    """What a server says of its cluster: each member as `id address's last number`."""
    listed = (line.split() for line in members)
    return (
        f"{own}\nName: OVN\nServer ID: {own} ({own}-aaaa)\nStatus: cluster member\nRole: follower\nLeader: {leader}\n\nServers:\n"
        + "".join(f"    {member} ({member} at ssl:10.77.0.{last}:PORT) last msg 3 ms ago\n" for member, last in listed)
    )


class Box(Sandbox):
    """ctl-3 of three controllers."""

    def says(self, text: str) -> None:
        """What both servers say of their clusters."""
        for side, port in (("nb", "6643"), ("sb", "6644")):
            for when in ("status", "joined"):
                (self.state / f"{when}-{side}").write_text(text.replace("PORT", port))

    def leads_after_joining(self) -> None:
        """A server without a leader finds one once it has joined again."""
        for side in ("nb", "sb"):
            joined = self.state / f"joined-{side}"
            joined.write_text(joined.read_text().replace("Leader: unknown", "Leader: 0001"))

    def data(self) -> None:
        """There is data of both databases, which the servers serve."""
        for side in ("nb", "sb"):
            self.file(side).parent.mkdir(parents=True, exist_ok=True)
            self.file(side).write_text("data")

    def file(self, side: str) -> Path:
        return self.root / f"var/lib/ovn/ovn{side}_db.db"

    def runs(self) -> None:
        for one in ("nb", "sb", "northd"):
            (self.state / f"active-{one}").touch()

    def up(self, *last: int) -> None:
        """Members that say that they are in the quorum."""
        for number in last:
            (self.state / f"up-10.77.0.{number}").touch()

    def joined(self) -> list[str]:
        return [call for call in self.calls("ovsdb-tool") if "join-cluster" in call]

    def kicked(self) -> list[str]:
        return [call.split()[-1] for call in self.calls("ovs-appctl") if "cluster/kick" in call]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    programs = {
        "ovs-appctl": APPCTL,
        "ovsdb-tool": TOOL,
        "ovsdb-client": CLIENT,
        "ovn-sbctl": CARRIES,
        "ovn-nbctl": "[[ ! -e $STATE_DIR/silent ]]",
        "systemctl": SYSTEMCTL,
        "etcdctl": "",
    }
    cloud = composed.cloud(tmp_path, composed.LAB + "services: {ovn: true}\n")
    made = Box(tmp_path / "node", cloud, "ctl-3", "ovn", programs)
    (made.state / "cluster-nb").write_text(f"{NB}\n")
    (made.state / "cluster-sb").write_text(f"{SB}\n")
    (made.state / "northd").write_text("Status: standby\n")
    made.says(status("0001 11", "0002 12", "0003 13"))
    for folder in ("ovn", "hacienda/done"):
        (made.root / "var/lib" / folder).mkdir(parents=True, exist_ok=True)
    return made


IDS = {"HACIENDA_CLUSTER_ID": f"{NB}:{SB}", "HACIENDA_REJOIN_SECONDS": "0", "HACIENDA_JOIN_SECONDS": "0"}


def test_one_node_founds_both_clusters_with_their_global_rows(box: Box) -> None:
    outcome = box.run("bootstrap.sh", HACIENDA_CLUSTER_ID="")
    assert outcome.output.splitlines()[-1] == f"{NB}:{SB}"
    calls = box.calls("ovsdb-tool")
    assert [call.split()[0] for call in calls if "nb" in call] == [
        "create", "transact", "--election-timer=1000", "db-cid",
    ]  # fmt: skip
    assert any('"table":"SB_Global"' in call for call in calls)
    assert box.joined() == []
    # A second run, after a crash, keeps the data.
    assert box.run("bootstrap.sh", HACIENDA_CLUSTER_ID="").code == 0
    assert len([call for call in box.calls("ovsdb-tool") if "create-cluster" in call]) == 2


def test_a_blank_node_joins_the_recorded_clusters_through_all_others(box: Box) -> None:
    assert box.run("join.sh", **IDS).code == 0
    northbound, southbound = box.joined()
    assert northbound.startswith(f"--cid={NB} join-cluster ")
    assert northbound.endswith("OVN_Northbound ssl:10.77.0.13:6643 ssl:10.77.0.11:6643 ssl:10.77.0.12:6643")
    assert southbound.startswith(f"--cid={SB} ")
    assert southbound.endswith("OVN_Southbound ssl:10.77.0.13:6644 ssl:10.77.0.11:6644 ssl:10.77.0.12:6644")
    assert box.kicked() == []


def test_a_blank_node_removes_its_former_entry_once_it_is_a_member(box: Box) -> None:
    box.says(status("0001 11", "0002 12", "0009 13", "0003 13"))
    assert box.run("join.sh", **IDS).code == 0
    assert box.kicked() == ["0009", "0009"]


def test_data_is_started_and_nothing_is_joined(box: Box) -> None:
    box.data()
    assert box.run("join.sh", **IDS).code == 0
    assert box.joined() == []
    assert box.file("nb").read_text() == "data"
    assert "start ovn-northd.service" in box.calls("systemctl")


def test_data_without_a_majority_waits_and_is_kept(box: Box) -> None:
    box.data()
    box.up(11)
    box.says(status("0001 11", "0002 12", "0003 13", leader="unknown"))
    assert box.run("join.sh", **IDS).code == 0
    assert box.joined() == []
    assert box.file("sb").read_text() == "data"


def test_a_member_that_was_removed_while_it_was_down_sets_its_data_aside_and_joins(box: Box) -> None:
    box.data()
    box.up(11, 12)
    box.says(status("0001 11", "0002 12", "0003 13", leader="unknown"))
    box.leads_after_joining()
    assert box.run("join.sh", **IDS).code == 0
    assert len(box.joined()) == 2
    for side in ("nb", "sb"):
        assert box.file(side).with_name(f"ovn{side}_db.db.removed").read_text() == "data"
        assert box.file(side).read_text() == "joined\n"


def test_data_that_says_that_it_was_removed_is_set_aside_at_once(box: Box) -> None:
    box.data()
    (box.state / "left-sb").write_text("record 54 shows that the server left the cluster\n")
    assert box.run("join.sh", **IDS).code == 0
    assert len(box.joined()) == 1
    assert box.file("sb").with_name("ovnsb_db.db.removed").exists()
    assert box.file("nb").read_text() == "data"


def test_the_only_member_never_joins_nobody(tmp_path: Path) -> None:
    text = composed.LAB.replace("controller: 3", "controller: 1") + "services: {ovn: true}\n"
    programs = {"ovs-appctl": APPCTL, "ovsdb-tool": TOOL, "systemctl": SYSTEMCTL}
    alone = Box(tmp_path / "node", composed.cloud(tmp_path, text), "ctl-1", "ovn", programs)
    outcome = alone.run("join.sh", **IDS)
    assert outcome.code == 1
    assert "the only member of OVN has lost its data" in outcome.errors
    assert alone.joined() == []


@pytest.mark.parametrize(("others", "allowed"), [((11, 12), True), ((11,), False), ((), False)])
def test_it_may_stop_if_the_others_keep_both_majorities(box: Box, others: tuple[int, ...], allowed: bool) -> None:
    box.data()
    box.runs()
    box.up(*others)
    assert (box.run("may-stop.sh").code == 0) is allowed


def test_another_cluster_of_the_same_ports_does_not_count(box: Box) -> None:
    box.data()
    box.runs()
    box.up(11, 12)
    client = (box.state / "bin/ovsdb-client").read_text()
    (box.state / "bin/ovsdb-client").write_text(client.replace('$(cat "$STATE_DIR/cluster-$side")', "other"))
    assert box.run("may-stop.sh").code == 1


def test_a_member_leaves_both_clusters_and_a_second_run_finds_nothing_to_do(box: Box) -> None:
    box.data()
    box.runs()
    assert box.run("leave.sh", "ctl-1").code == 0
    assert box.kicked() == ["ssl:10.77.0.11:6643", "ssl:10.77.0.11:6644"]
    assert box.run("leave.sh", "ctl-1").output == "ctl-1 is no member of OVN\nctl-1 is no chassis of OVN\n"
    assert len(box.kicked()) == 2


def test_no_member_removes_itself_or_leaves_without_a_majority(box: Box) -> None:
    box.data()
    box.runs()
    assert "cannot remove itself" in box.run("leave.sh", "ctl-3").errors
    box.says(status("0001 11", "0002 12", "0003 13", leader="unknown"))
    assert "has no majority" in box.run("leave.sh", "ctl-1").errors
    assert box.kicked() == []


@pytest.mark.parametrize(("up", "allowed"), [((12, 13), True), ((11, 13), False)])
def test_a_departure_is_counted_against_the_declared_members(box: Box, up: tuple[int, ...], allowed: bool) -> None:
    box.data()
    box.runs()
    box.up(*up)
    assert (box.run("leave.sh", "--check", "ctl-1").code == 0) is allowed


@pytest.mark.parametrize(
    ("carried", "gateways", "code"),
    [("", "net-1\n", 0), ("cr-a\ncr-b\n", "net-1\n", 1), ("cr-a\n", "net-1\n\nnet-2\n", 0), ("cr-a\n", "net-10\n", 0)],
    ids=["it carries nothing", "the only one", "another one", "a similar name"],
)
def test_the_only_gateway_stays_while_routers_use_it(box: Box, carried: str, gateways: str, code: int) -> None:
    (box.state / "carried").write_text(carried)
    (box.state / "gateways").write_text(gateways)
    outcome = box.run("leave.sh", "--drain", "net-1")
    assert outcome.code == code, outcome.errors
    if code:
        assert "net-1 is the only gateway, and 2 routers use it|add a network machine first" in outcome.errors
    assert "--db=ssl:10.77.0.11:6642,ssl:10.77.0.12:6642,ssl:10.77.0.13:6642" in box.calls("ovn-sbctl")[0]


def test_a_chassis_is_removed_and_needs_no_majority_of_its_own(box: Box) -> None:
    assert box.run("leave.sh", "--check", "cmp-1").code == 0
    assert box.run("leave.sh", "cmp-1").output == "cmp-1 is no chassis of OVN\n"
    assert box.calls("ovn-sbctl")[-1].endswith(
        "--if-exists chassis-del cmp-1 -- --if-exists destroy Chassis_Private cmp-1"
    )


def test_the_last_data_is_founded_again_and_recorded(box: Box) -> None:
    box.data()
    outcome = box.run("found-again.sh", HACIENDA_ETCD_ENDPOINTS="https://10.77.0.11:2379")
    assert outcome.code == 0
    assert any(call.endswith(f"put /hacienda/boot/ovn done:{NB}:{SB}") for call in box.calls("etcdctl"))
    assert (box.root / "var/lib/hacienda/done/ovn").read_text() == f"{NB}:{SB}\n"
    for side in ("nb", "sb"):
        assert box.file(side).read_text() == "founded\n"
        assert box.file(side).with_name(f"ovn{side}_db.db.former").read_text() == "data"
    assert box.calls("systemctl")[-1] == "start hacienda-ovn.service"


@pytest.mark.parametrize("has_data", [True, False])
def test_nothing_is_founded_again_beside_a_majority_or_without_data(box: Box, has_data: bool) -> None:
    if has_data:
        box.data()
        box.up(11, 12)
    outcome = box.run("found-again.sh", HACIENDA_ETCD_ENDPOINTS="https://10.77.0.11:2379")
    assert outcome.code == 1
    assert ("has a majority" in outcome.errors) is has_data
    assert not [call for call in box.calls("ovsdb-tool") if "create-cluster" in call]
    assert box.calls("etcdctl") == []


def test_verify_names_the_members_and_northds_role(box: Box) -> None:
    box.data()
    box.runs()
    box.up(11, 12, 13)
    assert box.run("verify.sh").output == "3 members, northd standby\n"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("stopped", "ovn-northd.service is not running"),
        ("dropped", "the OVN_Southbound cluster removed this member"),
        ("no majority", "has no majority here"),
        ("another cluster", "never merge the two"),
        ("northd", "ovn-northd does not answer"),
    ],
)
def test_verify_finds_a_fault_of_this_node(box: Box, fault: str, said: str) -> None:
    box.data()
    box.runs()
    box.up(11, 12, 13)
    match fault:
        case "stopped":
            (box.state / "active-northd").unlink()
        case "dropped":
            (box.state / "dropped-sb").touch()
        case "no majority":
            box.says(status("0001 11", "0002 12", "0003 13", leader="unknown"))
        case "another cluster":
            (box.root / "var/lib/hacienda/done/ovn").write_text(f"{SB}:{SB}\n")
        case "northd":
            (box.state / "northd").unlink()
    outcome = box.run("verify.sh", "--local")
    assert outcome.code == 1
    assert said in outcome.errors


def test_an_absent_member_is_no_fault_of_this_node(box: Box) -> None:
    box.data()
    box.runs()
    box.up(12, 13)
    assert box.run("verify.sh", "--local").code == 0
    assert "2/3 members" in box.run("verify.sh").errors


def test_a_member_that_is_listed_twice_is_found(box: Box) -> None:
    box.data()
    box.runs()
    box.up(11, 12, 13)
    box.says(status("0001 11", "0002 12", "0003 13", "0004 12"))
    assert "lists 4 members, 3 are declared" in box.run("verify.sh").errors


def test_databases_listen_on_the_nodes_own_address_with_tls_alone(tmp_path: Path) -> None:
    files = composed.rendered(composed.cloud(tmp_path), "ovn", "ctl-2")
    for side, ports in (("nb", {"6641"}), ("sb", {"6642", "6645"})):
        remotes = json.loads(files[f"/etc/ovn/{side}.json"].text)["remotes"]
        listening = [remote for remote in remotes if not remote.startswith("punix:")]
        assert {remote.split(":")[1] for remote in listening} == ports
        assert all(remote.startswith("pssl:") and remote.endswith(":10.77.0.12") for remote in listening)


def test_only_members_reach_the_ports_over_which_members_agree() -> None:
    assert {port.number for port in ovn.service.ports if port.clients == "peers"} == {6643, 6644, 6645}


def test_daemons_find_all_members(tmp_path: Path) -> None:
    unit = composed.rendered(composed.cloud(tmp_path), "ovn")["/etc/systemd/system/ovn-northd.service"].text
    assert "--ovnnb-db=ssl:10.77.0.11:6641,ssl:10.77.0.12:6641,ssl:10.77.0.13:6641 " in unit
    assert "--ovnsb-db=ssl:10.77.0.11:6645,ssl:10.77.0.12:6645,ssl:10.77.0.13:6645 " in unit


def test_every_chassis_is_told_how_gateways_watch_each_other(box: Box) -> None:
    """It can run twice: the options have the same values afterwards, and others stay."""
    for _ in range(2):
        assert box.run("reconcile.sh").code == 0
    interval, packets = (ovn.service.timed(f"bfd {what}") for what in ("interval", "multiplier"))
    for call in box.calls("ovn-nbctl"):
        assert call.endswith(f"set NB_Global . options:bfd-min-rx={interval * 1000:g} options:bfd-mult={packets:g}")
        assert "--db=ssl:10.77.0.11:6641,ssl:10.77.0.12:6641,ssl:10.77.0.13:6641" in call
        assert "-p /etc/ovn/client/key.pem" in call


def test_gateways_are_tried_again_while_the_database_is_silent(box: Box) -> None:
    (box.state / "silent").touch()
    outcome = box.run("reconcile.sh")
    assert outcome.code == 1
    assert "the northbound database does not answer|" in outcome.errors + outcome.output
