"""The quorum predicate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hacienda import quorum


def members(*nodes: str, group: str = "etcd") -> dict[str, quorum.Member]:
    """Members that all know each other and vote in one group."""
    return {n: quorum.Member(n, {group: 1}, {p: {group: 1} for p in nodes if p != n}) for n in nodes}


def lost(known: dict[str, quorum.Member], *gone: str) -> list[str]:
    return [loss.group for loss in quorum.losses([known[name] for name in gone], gone)]


def test_one_of_three_may_go_and_two_may_not() -> None:
    three = members("a", "b", "c")
    assert lost(three, "a") == []
    assert lost(three, "a", "c") == ["etcd"]


def test_two_of_five_may_go_and_three_may_not() -> None:
    five = members("a", "b", "c", "d", "e")
    assert lost(five, "a", "e") == []
    assert lost(five, "a", "c", "e") == ["etcd"]


def test_none_of_two_and_not_the_only_one() -> None:
    assert lost(members("a", "b"), "a") == ["etcd"]
    assert lost(members("a"), "a") == ["etcd"]


def test_weights_count() -> None:
    heavy = quorum.Member("a", {"galera": 2}, {"b": {"galera": 1}, "c": {"galera": 1}})
    light = quorum.Member("b", {"galera": 1}, {"a": {"galera": 2}, "c": {"galera": 1}})
    assert lost({"a": heavy}, "a") == ["galera"]
    assert lost({"b": light}, "b") == []


def test_groups_are_counted_apart() -> None:
    left = members("a", "b", "c", group="etcd")
    right = members("x", "y", "z", group="ovn")
    assert lost({**left, **right}, "a", "x") == []
    assert lost({**left, **right}, "a", "x", "y") == ["ovn"]


def test_who_votes_nowhere_costs_nothing() -> None:
    compute = quorum.Member("cmp-1", {}, {})
    assert lost({"cmp-1": compute}, "cmp-1") == []


def test_of_two_views_the_smaller_electorate_decides() -> None:
    grown = members("a", "b", "c", "d", "e")
    before = members("a", "b", "c")
    assert lost({"a": grown["a"], "b": before["b"]}, "a", "b") == ["etcd"]


def test_the_explanation_names_groups_nodes_and_what_is_needed() -> None:
    voters = dict.fromkeys(("etcd", "galera"), 1)
    known = [quorum.Member(n, voters, {p: voters for p in "abc" if p != n}) for n in "ab"]
    told = quorum.explain(quorum.losses(known, ["a", "b"]))
    assert told == (
        "etcd and galera: of 3 declared voters, a and b would be gone and only c would remain; a majority takes 2."
    )


def test_the_explanation_of_a_total_loss() -> None:
    told = quorum.explain(quorum.losses(members("a").values(), ["a"]))
    assert told == "etcd: of 1 declared voter, a would be gone and none would remain; a majority takes 1."


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 3), min_size=1), st.sets(st.sampled_from("abcdefg")))
def test_two_majorities_always_share_a_voter(electorate: dict[str, int], side: set[str]) -> None:
    other = electorate.keys() - side
    assert not (quorum.holds(electorate, side) and quorum.holds(electorate, other))


@given(st.sets(st.sampled_from("abcdefg"), min_size=1), st.sets(st.sampled_from("abcdefg")))
def test_losing_more_never_helps(nodes: set[str], gone: set[str]) -> None:
    known = members(*sorted(nodes))
    leaving = sorted(gone & nodes)
    for one in leaving:
        if lost(known, one):
            assert lost(known, *leaving)
