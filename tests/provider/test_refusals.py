"""What would cost a quorum is refused while planning, and nothing is touched."""

from __future__ import annotations

import shutil

import pytest

from tests.provider.cloud import Cloud


def untouched(cloud: Cloud) -> bool:
    return not any((cloud.machine(name) / "leaves").exists() for name in ("ctl-1", "ctl-2", "ctl-3"))


def refused(cloud: Cloud, *names: str) -> None:
    """Both plan and apply are refused in words that name the groups and the nodes."""
    before = (cloud.folder / "terraform.tfstate").read_bytes()
    answer = cloud.apply()
    assert answer.code == 1
    assert "etcd and galera would lose the quorum" in answer.flat
    assert "a majority takes 2" in answer.flat
    assert "Safe order: let one node leave" in answer.flat
    for name in names:
        assert name in answer.flat
    assert untouched(cloud)
    assert (cloud.folder / "terraform.tfstate").read_bytes() == before


def test_deleting_two_of_three(applied: Cloud) -> None:
    del applied.members["ctl-1"], applied.members["ctl-3"]
    refused(applied, "ctl-1 (to be deleted)", "ctl-3 (to be deleted)", "only ctl-2 would remain")


def test_replacing_two_of_three(applied: Cloud) -> None:
    applied.members["ctl-1"].machine = applied.members["ctl-2"].machine = "another"
    refused(applied, "ctl-1 (to be replaced)", "ctl-2 (to be replaced)", "only ctl-3 would remain")


@pytest.mark.long
def test_deleting_one_and_replacing_another(applied: Cloud) -> None:
    del applied.members["ctl-1"]
    applied.members["ctl-2"].machine = "another"
    refused(applied, "ctl-1 (to be deleted)", "ctl-2 (to be replaced)")


def test_replacing_two_whose_machines_are_not_known_yet(applied: Cloud) -> None:
    for name in ("ctl-1", "ctl-2"):
        applied.more.setdefault("terraform_data", {})[name] = {"input": name}
        applied.members[name].machine = f"${{terraform_data.{name}.id}}"
    refused(applied, "ctl-1 (to be replaced)", "ctl-2 (to be replaced)")


def test_tainting_two_of_three(applied: Cloud) -> None:
    for name in ("ctl-1", "ctl-2"):
        applied.terraform("taint", f"hacienda_member.{name}")
    refused(applied, "ctl-1 (to be replaced)", "ctl-2 (to be replaced)")


@pytest.mark.long
def test_replacing_one_by_hand_and_deleting_another(applied: Cloud) -> None:
    del applied.members["ctl-1"]
    answer = applied.plan("-replace=hacienda_member.ctl-3")
    assert answer.code == 1
    assert "ctl-3 (to be replaced)" in answer.flat
    assert "ctl-1 (to be deleted)" in answer.flat


def test_replacing_one_while_another_does_not_answer(applied: Cloud) -> None:
    applied.members["ctl-1"].machine = "another"
    applied.machine("ctl-3").rename(applied.folder / "unplugged")
    answer = applied.apply("-parallelism=1")
    assert answer.code == 1
    assert "ctl-3" in answer.flat
    assert "would lose the quorum" in answer.flat or "must not leave now" in answer.flat
    assert not (applied.machine("ctl-1") / "leaves").exists()


def drop(cloud: Cloud, group: str, *names: str) -> None:
    """These members leave a voter group in place."""
    for name in names:
        cloud.members[name].voters.pop(group)


@pytest.mark.parametrize("names", [("ctl-1", "ctl-2", "ctl-3"), ("ctl-1", "ctl-3")])
def test_a_majority_that_leaves_a_group_in_place(applied: Cloud, names: tuple[str, ...]) -> None:
    drop(applied, "galera", *names)
    installs = [applied.installs(name) for name in applied.members]
    before = (applied.folder / "terraform.tfstate").read_bytes()
    answer = applied.apply()
    assert answer.code == 1
    assert "must not stop voting: galera would lose the quorum" in answer.flat
    assert "ctl-1 (to leave galera, in place)" in answer.flat and "ctl-3 (to leave galera, in place)" in answer.flat
    assert "or to give up a whole service on purpose, set HACIENDA_ALLOW_DESTROY" in answer.flat
    assert untouched(applied)
    assert (applied.folder / "terraform.tfstate").read_bytes() == before
    assert [applied.installs(name) for name in applied.members] == installs


def test_one_leaves_a_group_in_place_while_another_is_replaced(applied: Cloud) -> None:
    drop(applied, "galera", "ctl-1")
    applied.members["ctl-2"].machine = "another"
    answer = applied.plan()
    assert answer.code == 1
    assert "of 3 declared voters, ctl-1 and ctl-2 would be gone" in answer.flat
    assert "etcd" not in answer.flat.partition("would lose the quorum")[0].rpartition("Error:")[2]


def test_one_may_leave_a_group_in_place(applied: Cloud) -> None:
    drop(applied, "galera", "ctl-1")
    assert "0 added, 3 changed, 0 destroyed" in applied.apply().text
    drop(applied, "galera", "ctl-2")
    assert "of 2 declared voters, ctl-2 would be gone" in applied.plan().flat


def test_a_whole_service_is_given_up_in_the_name_of_the_environment(applied: Cloud) -> None:
    applied.record.write_text('{"etcd": "c0ffee", "galera": "decaf"}')
    applied.extra["HACIENDA_ALLOW_DESTROY"] = "test"
    drop(applied, "galera", *applied.members)
    assert "0 added, 3 changed, 0 destroyed" in applied.apply().text
    assert applied.record.read_text() == '{\n "etcd": "c0ffee"\n}\n'


def elsewhere(cloud: Cloud, *names: str) -> None:
    """These members are to be reached at other addresses; their machines' ids are as they were."""
    for number, name in enumerate(names, 1):
        cloud.members[name].extra["host"] = f"192.0.2.10{number}"


def test_two_of_three_at_other_addresses_may_be_other_machines(applied: Cloud) -> None:
    elsewhere(applied, "ctl-1", "ctl-2")
    before = (applied.folder / "terraform.tfstate").read_bytes()
    answer = applied.apply()
    assert answer.code == 1
    assert "must not move: etcd and galera would lose the quorum" in answer.flat
    assert "ctl-1 (to be moved), ctl-2 (to be moved)" in answer.flat
    assert "change the address of one voter only, apply, wait until its gate passes" in answer.flat
    assert (applied.folder / "terraform.tfstate").read_bytes() == before


def test_one_may_be_at_another_address_and_not_while_another_is_blank(applied: Cloud) -> None:
    elsewhere(applied, "ctl-1")
    assert "0 added, 1 changed, 0 destroyed" in applied.apply().text
    shutil.rmtree(applied.machine("ctl-1"))  # what was found there is a machine with nothing on it
    applied.machine("ctl-1").mkdir()
    applied.members["ctl-2"].extra["host"] = "192.0.2.102"
    answer = applied.plan()
    assert answer.code == 1
    assert "First bring ctl-1 back" in answer.flat


def test_machines_that_are_known_to_be_the_same_may_move_together(applied: Cloud) -> None:
    applied.extra["HACIENDA_ALLOW_DESTROY"] = "test"
    elsewhere(applied, "ctl-1", "ctl-2", "ctl-3")
    assert "0 added, 3 changed, 0 destroyed" in applied.apply().text


@pytest.mark.long
def test_machines_whose_keys_the_platform_tells_may_move_together(applied: Cloud) -> None:
    for member in applied.members.values():
        member.extra["trust"] = "incus:/nowhere.socket?project=test"
    applied.applied()
    elsewhere(applied, "ctl-1", "ctl-2", "ctl-3")
    assert "0 to add, 3 to change, 0 to destroy" in applied.plan().flat


def test_a_plan_for_review_that_gives_a_service_up_cannot_be_applied(applied: Cloud) -> None:
    applied.extra["HACIENDA_REVIEW"] = "test"
    drop(applied, "galera", *applied.members)
    plan = applied.plan("-out=saved")
    assert plan.code == 0, plan.text
    assert "galera would lose the quorum" in plan.flat
    del applied.extra["HACIENDA_REVIEW"]
    assert applied.terraform("apply", "-no-color", "-input=false", "-parallelism=1", "saved").code == 1
    assert sum("galera" not in one["voters"] for one in applied.state().values()) <= 1


def test_one_leaves_only_while_the_others_are_healthy(applied: Cloud) -> None:
    applied.members["ctl-1"].machine = "another"
    unwell = (
        '[{"service": "etcd", "ok": true}, {"service": "galera", "ok": false, "detail": "is Donor", "fix": "wait"}]'
    )
    (applied.machine("ctl-2") / "verify.json").write_text(unwell)
    answer = applied.apply()
    assert answer.code == 1
    assert "ctl-1 must not leave now: without it galera would lose the quorum" in answer.flat
    assert "ctl-2: galera: is Donor" in answer.flat
    assert untouched(applied)


def test_who_is_gone_already_may_leave(applied: Cloud) -> None:
    """Dead, or rested by an apply that was killed: the others say that a member is missing, and it is this one."""
    applied.members["ctl-1"].machine = "another"
    for peer in ("ctl-2", "ctl-3"):
        (applied.machine(peer) / "absent").touch()
    assert applied.apply().code == 0


def test_a_survivor_may_object(applied: Cloud) -> None:
    applied.members["ctl-1"].machine = "another"
    (applied.machine("ctl-2") / "objection").write_text("etcd: a learner is not promoted yet|wait")
    answer = applied.apply()
    assert answer.code == 1
    assert "ctl-1 must not leave now, says ctl-2" in answer.flat
    assert "a learner is not promoted yet" in answer.flat


def test_destroying_everything_takes_the_name_of_the_environment(applied: Cloud) -> None:
    applied.record.write_text('{"etcd": "c0ffee", "other": "stays"}')
    arguments = ("destroy", "-no-color", "-auto-approve")
    assert "would lose the quorum" in applied.terraform(*arguments).flat
    applied.extra["HACIENDA_ALLOW_DESTROY"] = "another"
    assert applied.terraform(*arguments).code == 1
    assert len(applied.state()) == 3
    applied.extra["HACIENDA_ALLOW_DESTROY"] = "test"
    destroyed = applied.terraform(*arguments)
    assert destroyed.code == 0, destroyed.text
    assert "3 destroyed" in destroyed.text
    assert untouched(applied)
    assert applied.record.read_text() == '{\n "other": "stays"\n}\n'


@pytest.mark.long
def test_the_provider_block_may_allow_destruction_too(applied: Cloud) -> None:
    applied.provider["allow_destroy"] = True
    applied.members.clear()
    assert applied.apply().code == 0
    assert applied.state() == {}


def test_even_then_one_that_is_replaced_leaves_in_good_order(applied: Cloud) -> None:
    applied.extra["HACIENDA_ALLOW_DESTROY"] = "test"
    applied.members["ctl-1"].machine = "another"
    assert "1 added, 0 changed, 1 destroyed" in applied.apply().text
    assert (applied.machine("ctl-2") / "leaves").read_text() == "--check ctl-1 etcd galera\nctl-1\n"


@pytest.mark.long
def test_even_then_replacing_two_is_refused(applied: Cloud) -> None:
    applied.provider["allow_destroy"] = True
    applied.members["ctl-1"].machine = applied.members["ctl-2"].machine = "another"
    assert "would lose the quorum" in applied.apply().flat


def test_a_single_voter_is_not_replaced(cloud: Cloud) -> None:
    for name in ("ctl-2", "ctl-3"):
        del cloud.members[name]
    cloud.applied().members["ctl-1"].machine = "another"
    answer = cloud.plan()
    assert answer.code == 1
    assert "first make the group three voters" in answer.flat


def test_a_plan_for_review_shows_what_is_refused_and_cannot_be_applied(applied: Cloud) -> None:
    applied.extra["HACIENDA_REVIEW"] = "another"
    applied.members["ctl-1"].machine = applied.members["ctl-2"].machine = "another"
    assert applied.plan().code == 1, "it takes the name of the environment"
    applied.extra["HACIENDA_REVIEW"] = "test"
    plan = applied.plan("-out=saved")
    assert plan.code == 0, plan.text
    assert "2 to add, 0 to change, 2 to destroy" in plan.flat
    assert "etcd and galera would lose the quorum" in plan.flat
    del applied.extra["HACIENDA_REVIEW"]
    answer = applied.terraform("apply", "-no-color", "-input=false", "-parallelism=1", "saved")
    assert answer.code == 1
    assert "The plan was made for review" in answer.flat
    assert len(applied.state()) >= 2
