"""Carries out in the guard's safe order what the guard refuses at once. After each step it waits until all nodes are healthy.

Every step is planned and judged again, so the operation can be interrupted anywhere. Terraform's state has the finished steps, and
the next run finds the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from hacienda.errors import RefusedError
from hacienda.operate.deploy import Deployment, StackPlan, allowed
from hacienda.review.plan import guard

ROUNDS = 2
"""Most applies of one step. A member that does not refer to its machine is found missing only after the machine is replaced."""


@dataclass(frozen=True)
class Executor:
    """The caller's functions for carrying out steps.

    Args:
        say: prints one line for the operator.
        apply: applies a saved plan and shows its progress.
        settle: waits until the nodes of these names are healthy, or raises UnwellError.
    """

    say: Callable[[str], None]
    apply: Callable[[StackPlan], None]
    settle: Callable[[Sequence[str]], None]


def roll(
    deployed: Deployment,
    plans: Sequence[StackPlan],
    verdict: guard.Verdict,
    executor: Executor,
    *,
    accept: Collection[str] = (),
    last: Collection[str] = (),
) -> None:
    """Apply stacks; those with steps of the safe order step by step.

    Args:
        deployed: the environment.
        plans: plans of all its stacks; stacks with steps are planned again.
        verdict: verdict on these plans, with a safe order.
        executor: the caller's functions.
        accept: services whose last copy may be deleted.
        last: nodes to change last, because they hold a virtual IP.

    Raises:
        RefusedError: a step is refused after all; earlier steps stay applied.
        UnwellError: the cloud did not become healthy after a step.
        ToolError: Terraform failed or was interrupted.
    """
    for plan in plans:
        steps = _steps(verdict, plan.stack.name, last)
        for number, step in enumerate(steps, 1):
            executor.say(f"{plan.stack.name}: step {number} of {len(steps)}: {guard.told(step)}")
            _carry_out(deployed, plan, step, executor, accept)
        left = deployed.plan(plan.stack) if steps else plan
        if left.changed:
            _check(left, accept)
            executor.apply(left)


def _steps(verdict: guard.Verdict, stack: str, last: Collection[str]) -> list[guard.Step]:
    """The steps of one stack. Everything else follows in the stack's ordinary apply."""
    order = [step for judged in verdict.clusters for step in judged.order.steps]
    here = [step for step in order if any(source == stack for source, _ in step.targets)]
    return sorted(here, key=lambda step: step.verb == "replace" and any(node in last for node in step.nodes))


def _carry_out(
    deployed: Deployment, plan: StackPlan, step: guard.Step, executor: Executor, accept: Collection[str]
) -> None:
    targets = [address for source, address in step.targets if source == plan.stack.name]
    for _ in range(ROUNDS):
        part = deployed.plan(plan.stack, targets=targets)
        if part.changed:
            _check(part, accept)
            executor.apply(part)
        if not part.changed or part.content.made >= set(step.nodes):
            break
    executor.settle(part.content.nodes)


def _check(plan: StackPlan, accept: Collection[str]) -> None:
    verdict = guard.judge([plan.content], accept=accept, allowed=allowed())
    if plan.refusal or verdict.refused:
        words = "\n".join(guard.describe(verdict)) if verdict.refused else plan.refusal
        raise RefusedError(words, "Earlier steps stay applied. Fix this, then run the same command again.")
