"""Two renderings become one list of changes, in which equal ones are one."""

from __future__ import annotations

import json

from hacienda.review.diff import Diff, compare, document
from tests.review.diff.samples import Sample, file, rendering

CONF = "/etc/haproxy/haproxy.cfg"


def computes(count: int, text: str) -> list[Sample]:
    """Machines whose file has their own name and address in it."""
    return [
        Sample(f"cmp-{n}", {CONF: f"bind 10.0.1.{n}\nname cmp-{n}\n{text}"}, address=f"10.0.1.{n}")
        for n in range(1, count + 1)
    ]


def differences(before: list[Sample], after: list[Sample], **more: int | bool | None) -> Diff:
    return compare(rendering(before), rendering(after), **more)  # type: ignore[arg-type]


def test_equal_renderings_do_not_differ() -> None:
    found = differences(computes(3, "x\n"), computes(3, "x\n"))
    assert not found
    assert document(found) == {
        "changes": False,
        "trust": [],
        "trust_known": True,
        "nodes": {},
        "replaced": [],
        "files": [],
        "steps": [],
        "packages": [],
        "resources": [],
        "resources_known": True,
    }


def test_the_same_change_on_forty_machines_is_one() -> None:
    found = differences(computes(40, "timeout 10\n"), computes(40, "timeout 5\n"))
    (change,) = found.files
    assert (change.path, change.kind, len(change.nodes), change.alike) == (CONF, "changed", 40, True)
    assert change.hunks[0].changed == ("-timeout 10", "+timeout 5")
    assert (change.plus, change.minus, change.effect) == (1, 1, "reload haproxy")
    assert found.of("changed") == found.reconfigured == tuple(f"cmp-{n}" for n in range(1, 41))


def test_changes_that_differ_by_names_and_addresses_alone_are_one() -> None:
    after = [
        Sample(s.name, {CONF: s.texts[CONF] + f"peer {s.name}:{s.address}\n"}, address=s.address)
        for s in computes(12, "")
    ]
    (change,) = differences(computes(12, ""), after).files
    assert (len(change.nodes), change.alike) == (12, False)
    assert change.hunks[0].changed == ("+peer cmp-1:10.0.1.1",)


def test_an_address_is_not_taken_for_the_beginning_of_another() -> None:
    before = computes(2, "")
    after = [Sample(s.name, {CONF: s.texts[CONF] + f"peer {s.address}1\n"}, address=s.address) for s in before]
    assert [change.nodes for change in differences(before, after).files] == [("cmp-1",), ("cmp-2",)]


def test_different_changes_of_one_file_stay_apart() -> None:
    before = computes(3, "x\n")
    after = [*computes(2, "y\n"), computes(3, "z\n")[2]]
    assert [change.nodes for change in differences(before, after).files] == [("cmp-1", "cmp-2"), ("cmp-3",)]


def test_machines_that_come_or_go_are_named_without_their_files() -> None:
    found = differences(computes(3, "x\n")[1:], computes(2, "x\n"))
    assert [(change.node, change.kind, change.count) for change in found.nodes] == [
        ("cmp-1", "added", 1),
        ("cmp-3", "removed", 1),
    ]
    assert (found.files, found.steps) == ((), ())


def test_files_that_come_are_shown_and_files_that_go_are_counted() -> None:
    before, after = Sample("ctl-1", {"/etc/old": "1\n2\n"}), Sample("ctl-1", {"/etc/new": "3\n"})
    new, old = differences([before], [after]).files
    assert (new.path, new.kind, new.hunks[0].lines) == ("/etc/new", "added", ("+3",))
    assert (old.path, old.kind, old.hunks, old.minus) == ("/etc/old", "removed", (), 2)


def test_long_changes_are_cut_and_say_so() -> None:
    before, after = Sample("ctl-1", {CONF: ""}), Sample("ctl-1", {CONF: "x\n" * 50})
    (change,) = differences([before], [after], lines=10).files
    assert (sum(len(hunk.lines) for hunk in change.hunks), change.left_out, change.plus) == (10, 40, 50)
    (change,) = differences([before], [after], lines=None).files
    assert (sum(len(hunk.lines) for hunk in change.hunks), change.left_out) == (50, 0)


def test_what_is_no_text_is_not_shown() -> None:
    (change,) = differences([Sample("ctl-1", {CONF: "\0a"})], [Sample("ctl-1", {CONF: "\0abc"})]).files
    assert (change.hunks, change.unreadable) == ((), "2 -> 4 bytes")


def test_a_new_mode_is_told_and_its_restart_with_it() -> None:
    before = Sample("ctl-1", {CONF: "x\n"})
    after = Sample("ctl-1", {CONF: "x\n"}, {CONF: file("x\n", mode="0600")})
    found = differences([before], [after])
    assert found.files[0].attributes == {"mode": ("0644", "0600")}
    assert found.nodes[0].files == {}
    assert found.nodes[0].restarts == ("reload haproxy",)


def test_what_a_later_change_will_ask_for_is_delivered_and_restarts_nobody() -> None:
    after = Sample("ctl-1", {CONF: "x\n"}, {CONF: file("x\n", on_change="restart")})
    found = differences([Sample("ctl-1", {CONF: "x\n"})], [after])
    assert found.reconfigured == ("ctl-1",)
    assert (found.files[0].attributes, found.files[0].effect) == ({"its next change": ("reload", "restart")}, "")
    assert (found.nodes[0].files, found.nodes[0].restarts, found.steps) == ({}, (), ())


def test_user_data_says_whether_machines_are_made_anew() -> None:
    before, after = Sample("ctl-1"), Sample("ctl-1", user_data="#cloud-config\nhostname: x\n")
    kept = differences([before], [after])
    assert (kept.files[0].path, kept.nodes[0].first_boot, kept.replaced) == ("user-data", ("user-data",), ())
    assert (kept.nodes[0].restarts, kept.reconfigured) == ((), ())
    assert differences([before], [after], replaces=True).replaced == ("ctl-1",)


def test_a_secret_that_another_takes_the_place_of_is_told_by_name() -> None:
    def holding(name: str) -> Sample:
        entry = file(f"@{{secret:{name}}}@", kind="secret")
        attributes = (*entry.attributes[:3], ("secrets", name))
        changed = type(entry)(entry.sha256, entry.kind, entry.service, entry.on_change, attributes)
        return Sample("ctl-1", files={"/etc/key": changed})

    (change,) = differences([holding("a/old")], [holding("a/new")]).files
    assert (change.hunks, change.attributes) == ((), {"secrets": ("a/old", "a/new")})


def test_packages_are_told_for_all_machines_at_once() -> None:
    before = [Sample(f"ctl-{n}") for n in range(3)]
    after = [Sample(f"ctl-{n}", packages=("nginx",)) for n in range(3)]
    (change,) = differences(before, after).packages
    assert (change.added, change.removed, len(change.nodes)) == (("nginx",), ("haproxy",), 3)


def test_document_is_json() -> None:
    found = differences(computes(2, "x\n"), computes(3, "y\n"))
    told = json.loads(json.dumps(document(found)))
    assert told["nodes"]["cmp-1"]["restarts"] == ["reload haproxy"]
    assert told["nodes"]["cmp-3"]["change"] == "added"
    assert told["files"][0]["hunks"][0]["lines"][-2:] == ["-x", "+y"]
