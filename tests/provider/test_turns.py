"""Restarts by failure domain: who is at work with whom, and that nobody follows one that failed."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent import futures

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hacienda.errors import UnwellError
from hacienda.provider.member.turns import Turns

MEMBERS = st.lists(
    st.dictionaries(st.sampled_from(["data", "gateways"]), st.sampled_from(["rack-1", "rack-2", "rack-3"])),
    min_size=1,
    max_size=8,
)


@given(MEMBERS)
@settings(deadline=None, max_examples=30)
def test_one_failure_domain_of_a_group_is_at_work_at_a_time_and_everybody_gets_a_turn(
    members: list[dict[str, str]],
) -> None:
    turns, guard = Turns(), threading.Lock()
    at_work: dict[str, Counter[str]] = {"data": Counter(), "gateways": Counter()}
    seen: list[tuple[str, set[str]]] = []

    def work(number: int) -> None:
        with turns.turn(f"m-{number}", members[number], threading.Event()):
            with guard:
                for group, domain in members[number].items():
                    at_work[group][domain] += 1
                    seen.append((group, {one for one, count in at_work[group].items() if count}))
            threading.Event().wait(0.001)
            with guard:
                at_work_now = members[number].items()
                for group, domain in at_work_now:
                    at_work[group][domain] -= 1

    with futures.ThreadPoolExecutor(len(members)) as pool:
        list(pool.map(work, range(len(members))))
    assert all(len(domains) == 1 for _, domains in seen)
    assert len(seen) == sum(len(member) for member in members)


def test_members_of_one_domain_are_at_work_together() -> None:
    turns, stop, both = Turns(), threading.Event(), threading.Barrier(2, timeout=10)

    def work(node: str) -> None:
        with turns.turn(node, {"data": "rack-1"}, stop):
            both.wait()

    with futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(work, ("sto-1", "sto-2")))


def test_nobody_follows_a_member_that_did_not_become_healthy() -> None:
    turns, stop = Turns(), threading.Event()
    with turns.turn("sto-1", {"data": "rack-1"}, stop):
        turns.stuck("sto-1", {"data": "rack-1"})
    with pytest.raises(
        UnwellError, match="sto-2 keeps its former configuration: sto-1 did not become healthy"
    ) as refused:
        turns.turn("sto-2", {"data": "rack-2"}, stop).__enter__()
    assert "Repair sto-1" in str(refused.value.fix)
    with turns.turn("net-1", {"gateways": "net-1"}, stop):
        pass


def test_an_interrupted_apply_waits_for_no_turn() -> None:
    turns, stop = Turns(), threading.Event()
    with turns.turn("sto-1", {"data": "rack-1"}, stop):
        stop.set()
        with pytest.raises(UnwellError, match="interrupted before its turn came"):
            turns.turn("sto-2", {"data": "rack-2"}, stop).__enter__()


def test_a_failure_ends_the_turn() -> None:
    turns, stop = Turns(), threading.Event()
    with pytest.raises(ValueError, match="broken"), turns.turn("sto-1", {"data": "rack-1"}, stop):
        raise ValueError("broken")
    with turns.turn("sto-2", {"data": "rack-2"}, stop):
        pass
