"""The guard on a corpus of real plans (tests/review/plan/scenarios.py has the table), and on what is no plan at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hacienda.errors import InputError
from hacienda.review.plan import guard, reader
from hacienda.review.plan.guard.members import MemberState
from tests.review.plan.scenarios import SCENARIOS, Scenario

PLANS = Path(__file__).parent / "plans"


def load(name: str) -> Any:
    return json.loads((PLANS / f"{name}.json").read_text())


def judge(document: Any, **options: Any) -> guard.Verdict:
    return guard.judge([reader.read(json.dumps(document), "plan.json")], **options)


def going(verdict: guard.Verdict) -> list[MemberState]:
    return [state for judged in verdict.clusters for state in judged.going]


@pytest.mark.parametrize(("name", "expected"), SCENARIOS.items(), ids=SCENARIOS)
def test_the_corpus(name: str, expected: Scenario) -> None:
    verdict = judge(load(name))
    said = "\n".join(guard.describe(verdict))
    prices = [judged.price for judged in verdict.clusters]
    steps = [guard.told(step) for judged in verdict.clusters for step in judged.order.steps]
    assert {state.node: state.outcome for state in going(verdict)} == dict(expected.going), said
    assert sorted({loss.group for price in prices for loss in price.losses}) == sorted(expected.lost), said
    assert sorted({name for price in prices for copy in price.last for name in copy.services}) == sorted(expected.last)
    assert verdict.refused == bool(expected.lost or expected.last), said
    assert tuple(steps) == expected.order, said
    assert verdict.feasible == (bool(expected.order) or not verdict.refused)
    assert expected.says in said


def test_every_plan_is_in_the_table_and_the_other_way_round() -> None:
    assert {path.stem for path in PLANS.glob("*.json")} == set(SCENARIOS)
    assert len(SCENARIOS) >= 30


def test_the_provider_refused_the_same_where_it_could_see_it() -> None:
    """The provider counts votes alone, and follows no machine that a member does not refer to; it sees no networks but its own,
    and is not told of what is forgotten."""
    by_provider = set((PLANS / "refused-by-the-provider.txt").read_text().split())
    by_guard = {name for name, scenario in SCENARIOS.items() if scenario.lost}
    unseen = {
        "other-machines-waited-for-two",
        "other-machines-by-host-two",
        "machines-deleted-members-forgotten",
        "forgotten-two",
        "forgotten-one-replace-another",
    }
    assert by_guard - unseen == by_provider


@pytest.mark.parametrize("name", SCENARIOS)
def test_plans_are_small_and_tell_nothing_of_the_machine_they_were_made_on(name: str) -> None:
    text = (PLANS / f"{name}.json").read_text()
    assert len(text) < 40 * 1024
    assert not any(word in text for word in ("/tmp/", "/root", "/home/", "PRIVATE KEY"))


def test_several_plans_are_judged_as_one() -> None:
    """The network is in a stack of its own: its plan names no member."""
    network, machines = load("network-replaced"), load("no-op")
    others = [entry for entry in network["resource_changes"] if entry["type"] == "hacienda_incus_network"]
    alone = {**network, "resource_changes": others, "prior_state": {}}
    assert not judge(alone).refused
    machines["resource_changes"] = [e for e in machines["resource_changes"] if e["type"] != "hacienda_incus_network"]
    plans = [reader.read(json.dumps(one), name) for name, one in (("network", alone), ("controller", machines))]
    assert guard.judge(plans).refused


def test_a_stack_of_computes_alone_may_replace_them_all() -> None:
    """What every machine runs for itself is no last copy, and a plan of one stack does not tell of the others."""
    document = load("computes-replaced")
    kept = [e for e in document["resource_changes"] if e["address"].endswith((".cmp-1", ".cmp-2"))]
    verdict = judge({**document, "resource_changes": kept, "prior_state": {}})
    assert {state.node for state in going(verdict)} == {"cmp-1", "cmp-2"}
    assert not verdict.refused


def test_accepting_the_loss_of_a_service_is_per_service_and_never_of_a_quorum() -> None:
    every = SCENARIOS["cache-both"].last
    assert not judge(load("cache-both"), accept=every).refused
    assert judge(load("cache-both"), accept=every[1:]).refused
    assert judge(load("replace-three"), accept=(*SCENARIOS["replace-three"].last, "etcd")).refused


def test_an_environment_that_may_be_destroyed_is_named() -> None:
    assert not judge(load("destroy"), allowed=("region",)).refused
    assert judge(load("destroy"), allowed=("another",)).refused
    assert judge(load("replace-two"), allowed=("region",)).refused, "replacing two is no destruction"


def test_what_a_failed_replacement_left_behind_counts_as_a_deletion() -> None:
    document = load("replace-one")
    entry = next(e for e in document["resource_changes"] if e["address"] == "hacienda_member.ctl-2")
    old = {**entry, "deposed": "0badc0de", "change": {**entry["change"], "actions": ["delete"], "after": None}}
    document["resource_changes"].append(old)
    assert {state.node for state in going(judge(document))} == {"ctl-1", "ctl-2"}
    assert judge(document).refused


def test_deferred_changes_count() -> None:
    document = load("replace-two")
    late = [e for e in document["resource_changes"] if e["address"].endswith(".ctl-3")]
    document["resource_changes"] = [e for e in document["resource_changes"] if e not in late]
    document["deferred_changes"] = [{"reason": "provider_config_unknown", "resource_change": e} for e in late]
    verdict = judge(document)
    assert verdict.refused
    assert any("leaves changes for later" in note for note in verdict.notes)


def test_a_voter_that_an_interrupted_apply_left_out_counts_as_gone() -> None:
    """ctl-3 was destroyed and not made again; the plan makes it, and replaces ctl-1 in the same breath."""
    document = load("replace-one")
    for entry in document["resource_changes"]:
        if entry["address"].endswith(".ctl-3"):
            entry["change"].update(actions=["create"], before=None)
    document["prior_state"] = {}
    verdict = judge(document)
    assert verdict.refused
    (judged,) = verdict.clusters
    assert [guard.told(step) for step in judged.order.steps] == ["bring back ctl-3", "replace ctl-1", "everything else"]


def test_two_clusters_of_one_name_are_told_apart_by_their_hosts() -> None:
    document = load("two-clusters-one-each")
    document["configuration"]["provider_config"]["hacienda.right"]["expressions"]["environment"] = {
        "constant_value": "left"
    }
    assert not judge(document).refused


@pytest.mark.parametrize("key", ["voters", "peers", "files"])
def test_a_member_of_which_nothing_is_known_is_refused(key: str) -> None:
    """Without its votes it would be one that votes nowhere, and cost nothing."""
    document = load("replace-two")
    (entry,) = (e for e in document["resource_changes"] if e["address"] == "hacienda_member.ctl-2")
    del entry["change"]["before"][key]
    with pytest.raises(InputError, match=f"hacienda_member.ctl-2 is not a Hacienda member: it lacks '{key}'"):
        judge(document)


def test_names_are_cut_where_there_are_many() -> None:
    document = load("computes-replaced")
    (entry,) = (e for e in document["resource_changes"] if e["address"] == "hacienda_member.cmp-1")
    for number in range(3, 103):
        text = json.dumps(entry).replace("cmp-1", f"cmp-{number}")
        document["resource_changes"].append(json.loads(text))
    (line,) = guard.describe(judge(document))
    assert "97 more are replaced with" in line


def test_a_plan_without_our_members_is_fine() -> None:
    verdict = judge({"format_version": "1.2", "planned_values": {}, "resource_changes": [], "configuration": {}})
    assert not verdict.refused
    assert guard.describe(verdict) == ["No members in this plan: nothing to guard."]


def plan_with(**parts: object) -> str:
    return json.dumps({"format_version": "1.2", "resource_changes": [], **parts})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_what_powershell_writes_is_read(encoding: str) -> None:
    text = (PLANS / "replace-two.json").read_text()
    assert guard.judge([reader.read(text.encode(encoding))]).refused


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not one JSON document"),
        ("Terraform will perform the following actions:", "not one JSON document"),
        (b"\xff\xfe\x00", "it is not text"),
        ("[]", "no format_version"),
        ("{}", "no format_version"),
        ("[" * 100_000, "nested too deeply"),
        ('{"@level":"info"}\n{"@level":"info"}', "it is the log of `terraform plan -json`"),
        ('{"@level":"info"}', "it is the log of `terraform plan -json`"),
        ('{"format_version":"1.0","values":{}}', "is a state, not a plan"),
        ('{"format_version":"2.0","resource_changes":[]}', "reads up to 1.x"),
        ('{"format_version":"1.2","resource_changes":[],"errored":true}', "Terraform failed while it made this plan"),
        ('{"format_version":"1.2","resource_changes":[{"address":"a"}]}', "a resource change has no 'change'"),
        ('{"format_version":"1.2","resource_changes":["a"]}', "resource_changes[0] is not an object"),
        ('{"format_version":"1.2","resource_changes":5}', "resource_changes is not a list"),
        ('{"format_version":"²","resource_changes":[]}', "reads up to 1.x"),
        (plan_with(configuration=[]), "configuration is not an object"),
        (plan_with(configuration={"provider_config": {"a": None}}), "configuration.provider_config.a is not an object"),
        (
            plan_with(configuration={"root_module": {"resources": [{"depends_on": [1]}]}}),
            "configuration.root_module.resources[0].depends_on[0] is not a string",
        ),
        (
            plan_with(prior_state={"values": {"root_module": {"child_modules": [{"resources": 1}]}}}),
            "prior_state.values.root_module.child_modules[0].resources is not a list",
        ),
        (
            plan_with(prior_state={"values": {"root_module": {"resources": [{}]}}}),
            "a resource in the state has no 'address'",
        ),
    ],
)
def test_what_is_no_plan_is_told_so(text: str | bytes, reason: str) -> None:
    with pytest.raises(InputError) as told:
        reader.read(text, "plan.json")
    assert reason in str(told.value)
    assert "plan.json" in str(told.value)
    assert told.value.exit_code == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"voters": {"etcd": "many"}},
        {"voters": 3},
        {"peers": {"ctl-2": None}},
        {"node": None},
        {"files": 5},
        {"files": [None]},
    ],
)
def test_members_of_another_make_are_told_so(broken: dict[str, Any]) -> None:
    document = load("replace-one")
    for entry in document["resource_changes"]:
        if entry["address"] == "hacienda_member.ctl-1":
            entry["change"]["before"].update(broken)
    with pytest.raises(InputError, match="is not a Hacienda member: an attribute has an unexpected type"):
        judge(document)


def test_the_document_for_programs_says_the_same() -> None:
    told = guard.document(judge(load("delete-one-replace-another")))
    assert told["refused"] and told["feasible"]
    (cluster,) = told["clusters"]
    assert cluster["losses"]["etcd"]["remaining"] == ["ctl-2"]
    assert cluster["going"]["ctl-1"]["how"] == "replaced"
    assert [step["do"] for step in cluster["order"]] == ["replace", "rest"]


def test_the_example_in_the_docs_is_what_it_says() -> None:
    page = (Path(__file__).parents[3] / "docs/guard.md").read_text()
    assert "\n".join(guard.describe(judge(load("replace-two")))) in page


def with_copies(name: str, copies: int = 3, **racks: str) -> Any:
    """A plan of the corpus whose controllers hold copies instead of votes, each in a domain of its own or in that of `racks`."""
    document = load(name)
    for entry in document["resource_changes"]:
        for values in (entry["change"]["before"], entry["change"]["after"]):
            node = (values or {}).get("node", "")
            if entry["type"] == "hacienda_member" and node.startswith("ctl-"):
                share = {"domain": racks.get(node.replace("-", "_"), node), "copies": copies, "minimum": min(2, copies)}
                values.update(voters={}, peers={}, redundancy={"data": share})
    document["prior_state"] = {}
    return document


def test_copies_are_counted_like_votes_and_replaced_one_domain_at_a_time() -> None:
    verdict = judge(with_copies("replace-two"))
    (judged,) = verdict.clusters
    (short,) = judged.price.shortages
    assert (short.group, short.leaving, short.left, short.minimum) == ("data", ("ctl-1", "ctl-3"), 1, 2)
    assert "data: of 3 copies, those on ctl-1 and ctl-3 would be gone and 1 would remain; clients need 2." in "\n".join(
        guard.describe(verdict)
    )
    assert verdict.feasible
    assert sum(guard.told(step).startswith("replace ctl-") for step in judged.order.steps) >= 1
    assert not any({"ctl-1", "ctl-3"} <= set(step.nodes) for step in judged.order.steps)
    assert guard.document(verdict)["clusters"][0]["shortages"]["data"]["remaining"] == 1


def test_copies_of_one_failure_domain_may_go_together() -> None:
    assert not judge(with_copies("replace-two", ctl_1="rack-1", ctl_3="rack-1")).refused
    assert judge(with_copies("replace-two", ctl_1="rack-1", ctl_3="rack-2")).refused
    assert not judge(with_copies("replace-one")).refused


def test_the_only_copy_is_not_replaced() -> None:
    verdict = judge(with_copies("replace-one", copies=1))
    assert verdict.refused and not verdict.feasible
    assert "has the only copy" in "\n".join(guard.describe(verdict))


def test_a_deleted_member_is_drained_and_one_whose_machine_alone_is_deleted_is_not() -> None:
    deleted = with_copies("delete-two")
    assert not any(judged.price.shortages for judged in judge(deleted).clusters)
    for entry in deleted["resource_changes"]:
        if entry["type"] == "hacienda_member" and entry["change"]["after"] is None:
            entry["change"].update(actions=["no-op"], after=entry["change"]["before"])
    (judged,) = judge(deleted).clusters
    assert [short.group for short in judged.price.shortages] == ["data"]
