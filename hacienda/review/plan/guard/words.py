"""The guard's verdict in words, for people and for programs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from hacienda import quorum
from hacienda.review.plan.guard.members import MemberState
from hacienda.review.plan.guard.order import Order
from hacienda.review.plan.guard.price import Price
from hacienda.review.plan.guard.step import listed, told
from hacienda.review.plan.guard.verdict import Judged, Verdict
from hacienda.services import registry

UNSEEN = "A plan does not show which node leads a group or holds a virtual IP. Take those nodes last."


def describe(verdict: Verdict) -> list[str]:
    """The verdict in lines; refusals first."""
    judged = sorted(verdict.clusters, key=lambda one: not one.price)
    lines = [line for one in judged for line in (_refusal(one) if one.price else _consent(one))]
    return [*(lines or ["No members in this plan: nothing to guard."]), *verdict.notes]


def _consent(judged: Judged) -> Iterator[str]:
    name = judged.name or "the plan"
    if not judged.going:
        yield f"{name}: every quorum safe, no member leaves"
        return
    if judged.waived:
        yield f"{name}: allowed on purpose: {_going(judged.going)}"
        yield from _costs(judged.waived)
        return
    kept = dict.fromkeys(
        f"{listed(groups)} {'keeps' if len(groups) == 1 else 'keep'} {left} of {total} voters"
        for groups, left, total in _kept(judged)
    )
    yield "; ".join([f"{name}: every quorum safe: {_going(judged.going)}", *kept])


def _kept(judged: Judged) -> Iterator[tuple[list[str], int, int]]:
    """Groups that lose a member and keep their majority, with remaining and total voters; equal numbers share an entry."""
    found: dict[tuple[int, int], list[str]] = {}
    for group in sorted({group for state in judged.going for group in state.groups & state.voter.votes.keys()}):
        going = [state for state in judged.going if group in state.groups]
        gone = {state.node for state in going}
        views = [
            view for view in judged.views if any(state.node == view.node or state.node in view.peers for state in going)
        ]
        voters = quorum.voter_group(group, (*(state.voter for state in going), *views), gone)
        found.setdefault((len(voters.keys() - gone), len(voters)), []).append(group)
    for (left, total), groups in found.items():
        yield groups, left, total


def _refusal(judged: Judged) -> Iterator[str]:
    yield f"{judged.name or 'the plan'}: REFUSED: {_going(judged.going)}"
    yield from _costs(judged.price)
    yield from (f"  {line}" for line in _order(judged.order))


def _costs(price: Price) -> Iterator[str]:
    for line in quorum.explain((*price.losses, *price.shortages)).splitlines():
        yield f"  {line}"
    for copy in price.last:
        named = listed(map(_named, copy.services))
        yield f"  {named}: no copy would remain; the only copies are on {listed(copy.nodes)}."


def _named(service: str) -> str:
    """Name of a service. `(the virtual IPs)` follows the one that holds them, because its name does not say so."""
    known = registry()
    holds = service in known and "virtual ip" in known[service].provides
    return f"{service} (the virtual IPs)" if holds else service


def _going(states: tuple[MemberState, ...]) -> str:
    words = {
        "deleted": "is deleted",
        "replaced": "is replaced",
        "moved": "is to get another address, which may belong to another machine",
        "forgotten": "is forgotten",
        "blank": "has nothing installed",
    }
    alike: dict[str, list[str]] = {}
    for state in sorted(states, key=lambda one: one.node):
        if state.outcome == "dropped":
            alike.setdefault(f"is to {_given_up(state)} in place", []).append(state.node)
            continue
        others = [address for address in state.taken if not address.endswith(f".{state.node}")]
        by = f" with {listed(others)}" if others else ""
        alike.setdefault(words[state.outcome] + by, []).append(state.node)
    return "; ".join(
        f"{listed(nodes)} {_PLURAL[said.partition(' ')[0]] + said[said.index(' ') :] if len(nodes) > 1 else said}"
        for said, nodes in alike.items()
    )


_PLURAL = {"is": "are", "has": "have"}


def _given_up(state: MemberState) -> str:
    said = {"leave": sorted(state.dropped), "stop running": sorted(state.ceased - state.dropped)}
    return " and to ".join(f"{what} {listed(names)}" for what, names in said.items() if names)


def _order(order: Order) -> Iterator[str]:
    if order.hindrances:
        yield "No order makes this safe:"
        yield from (f"- {hindrance}" for hindrance in order.hindrances)
        return
    yield "Safe order (`hacienda apply` follows it). Apply each step alone, the next one when everything is healthy:"
    for number, step in enumerate(order.steps, 1):
        yield f"{number}. {told(step)}"
        if step.targets:
            options = [f"-target={address}" for _, address in step.targets]
            options += [f"-replace={address}" for address in step.requested]
            yield f"   terraform apply {' '.join(shlex.quote(option) for option in options)}"
    yield UNSEEN


def document(verdict: Verdict) -> dict[str, Any]:
    """The verdict for programs."""
    return {
        "refused": verdict.refused,
        "feasible": verdict.feasible,
        "clusters": [_cluster(judged) for judged in verdict.clusters],
        "notes": list(verdict.notes),
    }


def _cluster(judged: Judged) -> dict[str, Any]:
    return {
        "name": judged.name,
        "refused": bool(judged.price),
        "allowed": bool(judged.waived),
        "going": {
            state.node: {"address": state.address, "how": state.outcome, "with": list(state.taken)}
            for state in judged.going
        },
        "losses": {
            loss.group: {
                "voters": dict(loss.voters),
                "leaving": list(loss.leaving),
                "remaining": list(loss.remaining),
                "needed": loss.needed,
            }
            for loss in judged.price.losses
        },
        "shortages": {
            short.group: {
                "leaving": list(short.leaving),
                "domains": list(short.domains),
                "copies": short.copies,
                "remaining": short.left,
                "needed": short.minimum,
            }
            for short in judged.price.shortages
        },
        "last_copies": {service: list(copy.nodes) for copy in judged.price.last for service in copy.services},
        "order": [
            {"do": step.verb, "nodes": list(step.nodes), "targets": [address for _, address in step.targets]}
            for step in judged.order.steps
        ],
        "hindrances": list(judged.order.hindrances),
    }
