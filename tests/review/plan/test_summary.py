"""A plan's summary speaks of machines and files."""

from __future__ import annotations

import json
from typing import Any

from hacienda.review.plan import PlannedAction, reader
from hacienda.review.plan.summary import describe, document


def resource(kind: str, name: str, actions: list[str], before: Any = None, after: Any = None) -> dict[str, Any]:
    change = {"actions": actions, "before": before, "after": after}
    return {"address": f"{kind}.{name}", "type": kind, "name": name, "change": change}


def member(name: str, actions: list[str], before: Any = None, after: Any = None) -> dict[str, Any]:
    named = [None if values is None else {"node": name, **values} for values in (before, after)]
    return resource("hacienda_member", name, actions, *named)


def instance(name: str, actions: list[str]) -> dict[str, Any]:
    return resource("hacienda_incus_instance", name, actions, {"name": name}, {"name": name})


def found(*resources: dict[str, Any]) -> tuple[PlannedAction, ...]:
    text = json.dumps({"format_version": "1.2", "resource_changes": list(resources)})
    return reader.read(text, "lab-controller").changes


HAPROXY = "/etc/haproxy/haproxy.cfg"
OLD, NEW = {"files": {HAPROXY: "aa", "/x": "1"}}, {"files": {HAPROXY: "bb", "/x": "1"}, "restarts": ["reload haproxy"]}


def test_the_same_change_on_many_nodes_is_told_once() -> None:
    plan = found(*(member(name, ["update"], OLD, NEW) for name in ("ctl-2", "ctl-1", "ctl-3")))
    assert describe("lab", plan) == [
        "lab: 3 machines reconfigured in place, 0 replaced",
        f"  {HAPROXY}  changed on ctl-1 ctl-2 ctl-3",
        "  reload haproxy: ctl-1 ctl-2 ctl-3",
    ]


def test_digests_under_another_key_are_told_as_that() -> None:
    before = {"secrets": {"a/b": "12ab.1", "a/c": "12ab.2"}}
    after = {"secrets": {"a/b": "34cd.3", "a/c": "34cd.4"}, "restarts": ["reconcile a: a/b"]}
    assert describe("lab", found(member("ctl-1", ["update"], before, after)))[1:] == [
        "  secret digest/key  changed on ctl-1",
        "  reconcile a: a/b: ctl-1",
    ]


def test_files_come_go_and_drift() -> None:
    before = {"files": {"/gone": "1", "/edited": "drifted:0123abcd", "/lost": "missing"}}
    after = {"files": {"/new": "1", "/edited": "2", "/lost": "3"}}
    lines = describe("lab", found(member("ctl-1", ["update"], before, after)))
    assert [line.split() for line in lines[1:]] == [
        ["/edited", "drifted", "on", "ctl-1"],
        ["/gone", "removed", "on", "ctl-1"],
        ["/lost", "drifted", "on", "ctl-1"],
        ["/new", "added", "on", "ctl-1"],
    ]


def test_new_secret_is_told_by_name() -> None:
    plan = found(member("ctl-1", ["update"], {"secrets": {"a/b": "12ab.1"}}, {"secrets": {"a/b": "12ab.2"}}))
    assert "  secret a/b  changed on ctl-1" in describe("lab", plan)


def test_new_machines_are_counted_once_with_their_members() -> None:
    plan = found(instance("ctl-1", ["create"]), member("ctl-1", ["create"], None, NEW))
    assert describe("lab", plan) == ["lab: 1 machine created, 0 replaced"]


def test_replaced_and_destroyed_machines_are_named() -> None:
    plan = found(
        instance("ctl-1", ["delete", "create"]),
        member("ctl-1", ["delete", "create"], OLD, NEW),
        instance("cmp-4", ["delete"]),
        member("ctl-2", ["update"], OLD, NEW),
    )
    lines = describe("lab", plan)
    assert lines[0] == "lab: 1 machine reconfigured in place, 1 replaced, 1 destroyed"
    assert lines[1:3] == ["  cmp-4 is destroyed", "  ctl-1 is replaced"]


def test_machines_that_are_already_there_count_by_their_members() -> None:
    assert describe("p", found(member("ctl-1", ["create"], None, NEW)))[0] == "p: 1 machine created, 0 replaced"


def test_reads_and_gates_are_no_changes() -> None:
    plan = found(
        member("ctl-1", ["no-op"], OLD, OLD),
        resource("hacienda_incus_image", "machine", ["read"]),
        resource("hacienda_gate", "controller", ["update"]),
    )
    assert [change.type for change in plan] == ["hacienda_gate"]
    assert describe("lab", plan) == ["lab: no changes"]


def test_other_resources_are_listed() -> None:
    plan = found(resource("hacienda_incus_network", "management", ["create"], None, {"name": "lab-management"}))
    assert "  create hacienda_incus_network.management" in describe("lab", plan)


def test_document_has_every_member_with_its_files() -> None:
    plan = found(member("ctl-1", ["update"], OLD, NEW), instance("ctl-2", ["create"]))
    told = document("lab", ["lab-network", "lab-controller"], plan)
    assert told["changes"] is True
    assert told["members"]["ctl-1"]["files"] == {HAPROXY: {"before": "aa", "after": "bb"}}
    assert told["members"]["ctl-1"]["restarts"] == ["reload haproxy"]
    assert told["machines"] == {"ctl-2": "create"}
    assert told["stacks"]["lab-controller"] == {"create": 1, "update": 1, "replace": 0, "delete": 0}
    assert document("lab", [], ())["changes"] is False
