"""Safe orders: no step is printed that is not safe itself, as Terraform would plan it; and plans on which the guard was wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hacienda.review.plan import guard, reader
from hacienda.review.plan.guard.closure import closure
from hacienda.review.plan.guard.references import Target
from hacienda.review.plan.reader import Plan
from tests.review.plan.scenarios import SCENARIOS

HERE = Path(__file__).parent
NETWORK = "hacienda_incus_network.management: every machine on this network would be cut off at once, in any order"
ALONE = "ctl-1 cannot be replaced: etcd, galera and rabbitmq would lose the quorum without this node alone"
TWO = "of 2 declared voters, ctl-1 would be gone and only ctl-2 would remain; a majority takes 2"
CASES = {
    "e15-project-changed": (NETWORK, ()),
    "e15-project-changed.step1": (NETWORK, ()),
    "e15-project-changed.step2": ("every quorum safe", ()),
    "e15-project-changed.step3": ("every quorum safe", ()),
    "u01-phantom-after-targeted-shrink": (
        "of 3 declared voters, ctl-1 and ctl-2 would be gone and only ctl-3 would remain",
        ("replace ctl-1", "replace ctl-2", "everything else"),
    ),
    "u03-count-index-shift": (
        "the step 'replace ctl-1' includes everything to which its targets refer, and so ctl-3",
        (),
    ),
    "u03-count-index-shift.step1": (
        "the step 'replace ctl-1' includes everything to which its targets refer, and so ctl-3",
        (),
    ),
    "u16-replace-triggered-by-all": (
        "-replace=hacienda_incus_instance.ctl-2",
        ("replace ctl-1", "replace ctl-2", "replace ctl-3", "everything else, including cmp-1 and cmp-2"),
    ),
    "v03-phantom-third-of-three": (f"{TWO}.\n  No order makes this safe:\n  - {ALONE}", ()),
    "v03c-stale-view-of-the-leaver-alone": (f"{TWO}.\n  No order makes this safe:\n  - {ALONE}", ()),
    "v03d-control-all-views-fresh": (f"{TWO}.\n  No order makes this safe:\n  - {ALONE}", ()),
    "v26-member-removed-by-state-rm-and-machine-destroyed": (TWO, ()),
}


def read(path: Path) -> Plan:
    return reader.read(path.read_text(), path.name)


@pytest.mark.parametrize("name", CASES)
def test_plans_on_which_it_was_wrong(name: str) -> None:
    says, order = CASES[name]
    verdict = guard.judge([read(HERE / "cases" / f"{name}.json")])
    said = "\n".join(guard.describe(verdict))
    assert says in said, said
    assert tuple(guard.told(step) for judged in verdict.clusters for step in judged.order.steps) == order, said
    assert verdict.refused == ("REFUSED" in said)
    assert verdict.refused != ("every quorum safe" in says)


def test_every_case_is_in_the_table() -> None:
    assert {path.stem for path in (HERE / "cases").glob("*.json")} == set(CASES)


def test_what_a_target_includes_is_what_terraform_includes() -> None:
    """The second plan is Terraform's own, of the first one's step."""
    whole = read(HERE / "plans" / "project-changed.json")
    document = json.loads((HERE / "plans" / "project-changed-one-target.json").read_text())
    included = {one["address"] for one in document["resource_changes"]}
    assert closure(whole, ["hacienda_member.ctl-1", "hacienda_incus_instance.ctl-1"]) == included
    assert "hacienda_incus_network.management" in included


def test_a_target_includes_all_instances_of_what_it_refers_to() -> None:
    whole = read(HERE / "cases" / "u03-count-index-shift.json")
    document = json.loads((HERE / "cases" / "u03-count-index-shift.step1.json").read_text())
    included = {one["address"] for one in document["resource_changes"]}
    assert closure(whole, ["hacienda_member.ctl[0]"]) >= included
    assert "terraform_data.machine[2]" in included


def test_what_went_through_a_local_value_is_in_the_state() -> None:
    """A plan does not tell what a local value is made of."""
    document = json.loads((HERE / "plans" / "project-changed.json").read_text())
    for entry in document["configuration"]["root_module"]["resources"]:
        if entry["address"] == "hacienda_incus_instance.ctl-1":
            entry["expressions"] = {"networks": {"references": ["local.bridges"]}}
            entry.pop("depends_on", None)
    stored = {"address": "hacienda_incus_instance.ctl-1", "type": "hacienda_incus_instance", "name": "ctl-1"}
    root = document["prior_state"]["values"]["root_module"]
    root["resources"].append({**stored, "values": {}, "depends_on": ["hacienda_incus_network.management"]})
    plan = reader.read(json.dumps(document))
    assert "hacienda_incus_network.management" in closure(plan, ["hacienda_incus_instance.ctl-1"])


def test_a_dependency_in_a_module_is_found() -> None:
    from hacienda.review.plan.guard.references import _stored

    assert _stored("module.a.module.b.hacienda_incus_network.it") == Target(("a", "b"), "hacienda_incus_network.it")
    assert _stored("hacienda_incus_network.it") == Target((), "hacienda_incus_network.it")


@pytest.mark.parametrize("name", [name for name, scenario in SCENARIOS.items() if scenario.order])
def test_no_step_of_the_corpus_takes_a_network_or_a_second_voter(name: str) -> None:
    """Told by Terraform's own closure, not by the guard's judgement of it."""
    plan = read(HERE / "plans" / f"{name}.json")
    changes = {change.address: change for change in plan.resources}
    verdict = guard.judge([plan])
    taken: set[str] = set()
    for judged in verdict.clusters:
        states = {
            state.address: state
            for state in judged.going
            if state.outcome in ("replaced", "deleted") and state.voter.votes
        }
        for step in (step for step in judged.order.steps if step.targets):
            included = closure(plan, [address for _, address in step.targets])
            goes = {address for address in included if changes[address].goes} - taken
            waiting = {address for address in goes if changes[address].requested} - set(step.requested)
            assert not [address for address in goes if "network" in changes[address].type]
            voters = {a for a in goes & states.keys() if not waiting & set(states[a].taken)}
            assert len(voters) <= 1 or len(states) > 3, (step, voters)
            taken |= goes - waiting
