"""A cloud's health is put together from what its nodes say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hacienda import cloud, environment, services
from hacienda.operate.status import Answer, Health, ask, document, put_together
from hacienda.remote.node import Diagnosis, Fault, Status, Verdict
from hacienda.remote.transport import UnreachableError

ROOT = Path(__file__).parents[2]
VIP = "10.77.0.10"


@pytest.fixture
def lab() -> cloud.Cloud:
    return cloud.read(environment.find("lab", ROOT), services.registry())


def well(node: cloud.Node, holder: str = "ctl-1") -> Answer:
    detail = {"keepalived": f"holds {VIP}" if node.name == holder else "backup"}
    verdicts = tuple(Verdict(service, True, detail.get(service, "fine"), "") for service in node.services)
    return Answer(node.name, verdicts, status())


def status(**changes: object) -> Status:
    values: dict[str, object] = {
        "bundle_hash": "",
        "converged": True,
        "files": {},
        "failed": (),
        "pending": {},
        "cluster": {},
        "secrets": {},
        "error": "",
    }
    return Status(**{**values, **changes})  # type: ignore[arg-type]


def health(lab: cloud.Cloud, **replaced: Answer) -> Health:
    named = {name.replace("_", "-"): answer for name, answer in replaced.items()}
    return put_together(lab, [named.get(node.name) or well(node) for node in lab.nodes])


def test_all_well(lab: cloud.Cloud) -> None:
    found = health(lab)
    assert found.well
    assert {group.service: (group.well, group.declared) for group in found.groups}["etcd"] == (3, 3)
    assert found.holders == {VIP: ("ctl-1",)}


def test_silent_node_counts_in_no_group(lab: cloud.Cloud) -> None:
    found = health(lab, ctl_2=Answer("ctl-2", silence="does not answer", reached=False))
    assert [str(ailment) for ailment in found.ailments] == [
        "ctl-2: does not answer\n  Is it powered on, and does SSH reach it?"
    ]
    assert all(group.well == 2 for group in found.groups)


def short(answer: Answer, *services: str) -> Answer:
    """The same, where a member elsewhere is away: these services' own parts are well."""
    verdicts = (replace(v, ok=False, detail="2/3 members") if v.service in services else v for v in answer.verdicts)
    return replace(answer, verdicts=tuple(verdicts), alone=services)


def test_one_of_three_away_leaves_two(lab: cloud.Cloud) -> None:
    others = {name: short(well(lab.node(name)), "etcd", "galera") for name in ("ctl-1", "ctl-3")}
    silent = Answer("ctl-2", silence="does not answer", reached=False)
    found = put_together(lab, [others["ctl-1"], silent, others["ctl-3"]])
    groups = {group.service: (group.well, group.declared) for group in found.groups}
    assert (groups["etcd"], groups["galera"], groups["rabbitmq"]) == ((2, 3), (2, 3), (2, 3))


def test_causes_come_before_what_follows_from_them(lab: cloud.Cloud) -> None:
    answer = well(lab.node("ctl-2"))
    failing = replace(answer.verdicts[-1], ok=False, detail="context deadline exceeded", fix="journalctl")
    etcd = replace(failing, service="etcd")
    rest = tuple(verdict for verdict in answer.verdicts if verdict.service not in ("etcd", failing.service))
    disk = Fault(
        "storage", "the disk of / (/dev/sda1, ext4) is full: 3 MiB of 20.0 GiB are free", "make room", ("etcd",)
    )
    full = replace(answer, verdicts=(*rest, etcd, failing), diagnosis=Diagnosis((disk,)))
    found = health(lab, ctl_2=full)
    assert [(one.service, one.what, one.fix) for one in found.ailments] == [
        ("", disk.what, "make room"),
        ("etcd", "context deadline exceeded", f"This follows from the storage: {disk.what}"),
        (failing.service, "context deadline exceeded", "journalctl"),
    ]
    assert document(found)["nodes"]["ctl-2"]["faults"] == [
        {"kind": "storage", "what": disk.what, "fix": "make room", "services": ("etcd",)}
    ]


def test_nobody_holds_the_virtual_ip(lab: cloud.Cloud) -> None:
    found = put_together(lab, [well(node, holder="") for node in lab.nodes])
    assert [(one.service, one.what) for one in found.ailments] == [(f"virtual IP {VIP}", "is held by no node")]


def test_a_silent_machine_may_hold_the_virtual_ip(lab: cloud.Cloud) -> None:
    found = health(lab, ctl_1=Answer("ctl-1", silence="does not answer", reached=False))
    (one,) = (one for one in found.ailments if one.service == f"virtual IP {VIP}")
    assert one.what == "is held by no node that answers; ctl-1 may hold it"
    assert one.fix == "Find out first why ctl-1 does not answer, as above."


def test_longer_address_is_another_one(lab: cloud.Cloud) -> None:
    answer = well(lab.node("ctl-2"))
    other = Verdict("keepalived", True, f"holds {VIP}0, backup", "")
    verdicts = tuple(other if verdict.service == "keepalived" else verdict for verdict in answer.verdicts)
    assert health(lab, ctl_2=Answer("ctl-2", verdicts, answer.status)).well


def test_node_without_bundle_says_so(lab: cloud.Cloud) -> None:
    found = health(lab, ctl_3=Answer("ctl-3"))
    assert [str(one) for one in found.ailments] == ["ctl-3: nothing is installed\n  Run: hacienda apply lab"]


def test_declared_service_that_nobody_speaks_of_is_missing(lab: cloud.Cloud) -> None:
    answer = well(lab.node("ctl-2"))
    rest = tuple(verdict for verdict in answer.verdicts if verdict.service != "galera")
    found = health(lab, ctl_2=Answer("ctl-2", rest, answer.status))
    assert [(one.node, one.service, one.what) for one in found.ailments] == [("ctl-2", "galera", "is not installed")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files": {"/etc/a": "drifted:00112233", "/etc/b": "0011"}}, "changed by hand: /etc/a"),
        ({"failed": ("hacienda-etcd.service",)}, "failed: hacienda-etcd.service"),
        ({"pending": {"galera": "restart"}}, "galera still needs a restart"),
        ({}, "its bundle is not in force"),
    ],
)
def test_bundle_that_is_not_in_force_is_told(lab: cloud.Cloud, changes: dict[str, object], said: str) -> None:
    answer = well(lab.node("ctl-2"))
    unsettled = Answer("ctl-2", answer.verdicts, status(converged=False, **changes))
    assert [one.what for one in health(lab, ctl_2=unsettled).ailments] == [said]


@pytest.mark.parametrize(
    ("changes", "named"), [({"files": {"/etc/a": "missing"}}, "/etc/a"), ({"secrets": {"a/b": "drifted:0011"}}, "a/b")]
)
def test_what_was_changed_by_hand_is_told_though_all_services_are_well(
    lab: cloud.Cloud, changes: dict[str, object], named: str
) -> None:
    answer = well(lab.node("ctl-2"))
    drifted = Answer("ctl-2", answer.verdicts, status(**changes))
    assert [one.what for one in health(lab, ctl_2=drifted).ailments] == [f"changed by hand: {named}"]


def test_unreachable_node_is_an_answer_in_one_line() -> None:
    def connect() -> None:
        raise UnreachableError("ctl-1 does not answer", "Connection\nrefused")

    answer = ask("ctl-1", connect)  # type: ignore[arg-type]
    assert answer == Answer("ctl-1", silence="does not answer: Connection refused", reached=False)
