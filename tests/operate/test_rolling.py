"""The safe order carried out: every step is planned, judged, applied and waited for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from hacienda.errors import RefusedError, UnwellError
from hacienda.operate.deploy import Deployment, StackPlan
from hacienda.operate.rolling import Executor, roll
from hacienda.review.plan import guard, reader
from hacienda.stacks import Stack

PLANS = Path(__file__).parents[1] / "review/plan/plans"
STACK = Stack("region", "region", ("ctl-1", "ctl-2", "ctl-3"), ())


def stack_plan(name: str, *, changed: bool = True, refusal: str = "", only: str = "") -> StackPlan:
    """A plan of the corpus; `only` one node's part of it."""
    document = json.loads((PLANS / f"{name}.json").read_text())
    for entry in document["resource_changes"]:
        if only and not entry["address"].endswith(f".{only}"):
            entry["change"].update(actions=["no-op"], after=entry["change"]["before"])
    content = reader.read(json.dumps(document), STACK.name)
    return StackPlan(STACK, Path("plan"), changed, "", content, refusal)


class Deployed:
    """Stands for a deployment: gives the plans that it was given, and writes down what for."""

    def __init__(self, *plans: StackPlan) -> None:
        self.plans = list(plans)
        self.asked: list[tuple[str, ...]] = []

    def plan(self, stack: Stack, *, targets: Iterable[str] = (), **_: Any) -> StackPlan:
        self.asked.append(tuple(targets))
        return self.plans.pop(0)


class Log:
    """Writes down what is done."""

    def __init__(self, sick_after: int = 99) -> None:
        self.done: list[str] = []
        self._left = sick_after

    @property
    def executor(self) -> Executor:
        return Executor(lambda text: None, lambda plan: self.done.append("apply"), self._settle)

    def _settle(self, names: Sequence[str]) -> None:
        self._left -= 1
        if self._left < 0:
            raise UnwellError("not healthy")
        self.done.append(f"settle {' '.join(sorted(names))}")


def carry_out(deployed: Deployed, start: StackPlan, log: Log, **more: Any) -> None:
    roll(cast(Deployment, deployed), [start], guard.judge([start.content]), log.executor, **more)


EVERYBODY = "settle cmp-1 cmp-2 ctl-1 ctl-2 ctl-3"


def test_each_step_is_applied_and_waited_for_and_the_rest_comes_last() -> None:
    steps = [stack_plan("replace-two", only=node) for node in ("ctl-1", "ctl-3")]
    deployed, log = Deployed(*steps, stack_plan("no-op", changed=False)), Log()
    carry_out(deployed, stack_plan("replace-two"), log)
    assert log.done == ["apply", EVERYBODY, "apply", EVERYBODY]
    assert [targets[:1] for targets in deployed.asked] == [
        ("hacienda_member.ctl-1",),
        ("hacienda_member.ctl-3",),
        (),
    ]


def test_who_holds_the_virtual_ip_goes_last() -> None:
    steps = [stack_plan("replace-two", only=node) for node in ("ctl-3", "ctl-1")]
    deployed = Deployed(*steps, stack_plan("no-op", changed=False))
    carry_out(deployed, stack_plan("replace-two"), Log(), last=("ctl-1",))
    assert [targets[0] for targets in deployed.asked[:2]] == ["hacienda_member.ctl-3", "hacienda_member.ctl-1"]


def test_a_cloud_that_stays_unwell_stops_it_before_the_next_step() -> None:
    deployed, log = Deployed(stack_plan("replace-two", only="ctl-1")), Log(sick_after=0)
    with pytest.raises(UnwellError):
        carry_out(deployed, stack_plan("replace-two"), log)
    assert log.done == ["apply"]


def test_a_step_that_the_provider_refuses_is_not_applied() -> None:
    part, log = stack_plan("replace-two", only="ctl-1", refusal="ctl-1 must not leave: ctl-2 (unreachable)"), Log()
    with pytest.raises(RefusedError, match="unreachable"):
        carry_out(Deployed(part), stack_plan("replace-two"), log)
    assert log.done == []


def test_a_rest_that_would_cost_a_quorum_is_not_applied() -> None:
    """Somebody changed the configuration meanwhile."""
    steps = [stack_plan("replace-two", only=node) for node in ("ctl-1", "ctl-3")]
    log = Log()
    with pytest.raises(RefusedError, match="REFUSED"):
        carry_out(Deployed(*steps, stack_plan("delete-two")), stack_plan("replace-two"), log)
    assert log.done.count("apply") == 2


def test_a_step_that_is_done_already_is_only_waited_for() -> None:
    done, left = stack_plan("no-op", changed=False), stack_plan("replace-two", only="ctl-3")
    log = Log()
    carry_out(Deployed(done, left, done), stack_plan("replace-two"), log)
    assert log.done == [EVERYBODY, "apply", EVERYBODY]


def test_a_member_that_does_not_refer_to_its_machine_is_made_in_a_second_round() -> None:
    machine = stack_plan("other-machines-waited-for-two", only="ctl-1")
    missing = stack_plan("blank-one")
    deployed = Deployed(machine, missing, stack_plan("no-op"), stack_plan("no-op", changed=False))
    start = stack_plan("other-machines-waited-for-two")
    log = Log()
    verdict = guard.judge([start.content])
    (judged,) = verdict.clusters
    one_step = replace(judged, order=replace(judged.order, steps=judged.order.steps[:1]))
    roll(cast(Deployment, deployed), [start], replace(verdict, clusters=(one_step,)), log.executor)
    assert log.done[:2] == ["apply", "apply"]
