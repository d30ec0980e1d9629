"""Carries out what the guard refuses at once in its safe order: one step, wait until all is healthy, the next one.

Every step is planned anew and judged anew, so that it can be interrupted anywhere: what is done is in Terraform's state, and the
next run finds the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from hacienda.errors import RefusedError
from hacienda.operate.deploy import Deployment, StackPlan, allowed
from hacienda.review.plan import guard

ROUNDS = 2
"""Applies per step at most: where a member does not refer to its machine, it is found missing only when its machine is another."""


@dataclass(frozen=True)
class Executor:
    """What carrying out needs of its caller.

    Args:
        say: prints one line for the operator.
        apply: applies a saved plan, showing its progress.
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
    """Apply stacks, those with steps in the safe order step by step.

    Args:
        deployed: the environment.
        plans: all of its stacks' plans; those of stacks with steps are made anew.
        verdict: on these plans; it has an order.
        executor: what it needs of its caller.
        accept: services whose last copy may go.
        last: nodes that are better taken last: they hold a virtual IP.

    Raises:
        RefusedError: a step is refused after all; what was done before is safe and sound.
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
    """The steps of one stack. The last one, everything else, is the stack's ordinary apply."""
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
        raise RefusedError(words, "What was done before is in force. When this is mended, run the same command again.")
