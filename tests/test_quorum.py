"""The quorum predicate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hacienda import quorum


def members(*nodes: str, group: str = "etcd") -> dict[str, quorum.Member]:
    """Members that all know each other and vote in one group."""
    return {n: quorum.Member(n, {group: 1}, {p: {group: 1} for p in nodes if p != n}) for n in nodes}


def lost(known: dict[str, quorum.Member], *gone: str) -> list[str]:
    return [loss.group for loss in quorum.losses([quorum.Departure(known[name], "deleted") for name in gone])]


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


def test_of_two_views_the_smaller_voter_group_decides() -> None:
    grown = members("a", "b", "c", "d", "e")
    before = members("a", "b", "c")
    assert lost({"a": grown["a"], "b": before["b"]}, "a", "b") == ["etcd"]


def test_the_explanation_names_groups_nodes_and_what_is_needed() -> None:
    voters = dict.fromkeys(("etcd", "galera"), 1)
    known = [quorum.Member(n, voters, {p: voters for p in "abc" if p != n}) for n in "ab"]
    told = quorum.explain(quorum.losses([quorum.Departure(member, "deleted") for member in known]))
    assert told == (
        "etcd and galera: of 3 declared voters, a and b would be gone and only c would remain; a majority takes 2."
    )


def test_the_explanation_of_a_total_loss() -> None:
    told = quorum.explain(quorum.losses([quorum.Departure(members("a")["a"], "deleted")]))
    assert told == "etcd: of 1 declared voter, a would be gone and none would remain; a majority takes 1."


def voting(*groups: str) -> dict[str, quorum.Member]:
    """Three members that vote in all of these groups."""
    votes = dict.fromkeys(groups, 1)
    return {n: quorum.Member(n, votes, {p: votes for p in "abc" if p != n}) for n in "abc"}


def refused(*departures: quorum.Departure | None, allowed: bool = False) -> list[str]:
    return [loss.group for loss in quorum.refused([one for one in departures if one], allowed=allowed)]


def test_a_group_that_a_majority_leaves_in_place_is_lost_and_no_other() -> None:
    known = voting("etcd", "galera")
    one, two = (quorum.dropped(known[name], {"etcd": 1}) for name in "ab")
    assert refused(one) == []
    assert refused(one, two) == ["galera"]
    assert refused(one, two, allowed=True) == []


def test_who_leaves_one_group_in_place_still_votes_in_the_others() -> None:
    known = voting("etcd", "galera")
    assert refused(quorum.dropped(known["a"], {"etcd": 1}), quorum.Departure(known["b"], "replaced")) == ["galera"]
    assert refused(quorum.dropped(known["a"], {"etcd": 1}), quorum.dropped(known["b"], {"galera": 1})) == []


def test_who_does_not_answer_counts_where_another_one_leaves_in_place() -> None:
    known = voting("etcd", "galera")
    silent = quorum.Departure(known["b"], "unreachable")
    assert refused(quorum.dropped(known["a"], {"etcd": 1}), silent) == ["galera"]
    assert refused(silent, quorum.Departure(known["c"], "unreachable")) == []


def test_a_group_that_is_joined_is_none_that_is_left() -> None:
    assert quorum.dropped(voting("etcd")["a"], {"etcd": 1, "galera": 1}) is None


def test_who_is_to_be_found_elsewhere_counts_unless_it_is_known_to_be_the_same() -> None:
    known = voting("etcd", "galera")
    one, two = (quorum.moved(known[name], "192.0.2.1", "192.0.2.9", proven=False) for name in "ab")
    assert refused(one) == []
    assert refused(one, two) == ["etcd", "galera"]
    assert refused(one, two, allowed=True) == []
    assert quorum.moved(known["a"], "192.0.2.1", "192.0.2.9", proven=True) is None
    assert quorum.moved(known["a"], "192.0.2.1", "192.0.2.1", proven=False) is None
    assert quorum.moved(known["a"], "192.0.2.1", None, proven=False) is not None


def test_a_majority_must_not_be_forgotten() -> None:
    known = voting("etcd")
    one, two = (quorum.Departure(known[name], "forgotten") for name in "ab")
    assert refused(one) == []
    assert refused(one, two) == ["etcd"]


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 3), min_size=1), st.sets(st.sampled_from("abcdefg")))
def test_two_majorities_always_share_a_voter(voters: dict[str, int], side: set[str]) -> None:
    other = voters.keys() - side
    assert not (quorum.holds(voters, side) and quorum.holds(voters, other))


@given(st.sets(st.sampled_from("abcdefg"), min_size=1), st.sets(st.sampled_from("abcdefg")))
def test_losing_more_never_helps(nodes: set[str], gone: set[str]) -> None:
    known = members(*sorted(nodes))
    leaving = sorted(gone & nodes)
    for one in leaving:
        if lost(known, one):
            assert lost(known, *leaving)


def test_a_voter_that_left_earlier_does_not_remain() -> None:
    """The leaver's list is stale: it names c, which the survivor's own state does not."""
    leaver, survivor = members("a", "b", "c")["a"], members("a", "b")["b"]
    (loss,) = quorum.losses([quorum.Departure(leaver, "replaced")], [survivor])
    assert (loss.voters, loss.leaving, loss.remaining) == ({"a": 1, "b": 1}, ("a",), ("b",))


def test_a_voter_that_no_state_knows_and_no_declaration_names_does_not_count() -> None:
    stale = members("a", "b", "c")
    fresh = members("a", "b")
    leaver = [quorum.Departure(stale["a"], "replaced")]
    assert quorum.losses(leaver, [quorum.counted(stale["b"], fresh["b"], {"a", "b"})])
    assert not quorum.losses(leaver, [quorum.counted(stale["b"], fresh["b"], {"a", "b", "c"})]), "c leaves in this plan"
    assert not quorum.losses(leaver, [quorum.counted(stale["b"], stale["b"], {"a", "b"})])


@given(st.integers(1, 7), st.data())
def test_more_views_never_make_a_loss_less(count: int, data: st.DataObject) -> None:
    names = [f"n{number}" for number in range(count)]
    known = members(*names)
    gone = data.draw(st.sets(st.sampled_from(names), min_size=1))
    views = [
        members(*{*data.draw(st.sets(st.sampled_from(names))), name})[name]
        for name in data.draw(st.sets(st.sampled_from(names)))
    ]
    departures = [quorum.Departure(known[name], "deleted") for name in gone]
    assert bool(quorum.losses(departures)) <= bool(quorum.losses(departures, views))


def test_a_cluster_that_shrinks_as_it_should_is_not_kept_from_it() -> None:
    """Whoever leaves in the plan that shrinks the group is counted out of both: fewer remain, and fewer are needed."""
    five, four = members(*"abcde"), members(*"abcd")
    views = [quorum.counted(five[name], four[name], set("abcde")) for name in "abcd"]
    departures = [quorum.Departure(five["e"], "deleted"), quorum.Departure(five["a"], "replaced")]
    assert quorum.losses(departures, views) == ()


def holder(node: str, domain: str = "", copies: int = 3, minimum: int = 2) -> quorum.Member:
    return quorum.Member(node, {}, {}, {"data": quorum.Share(domain or node, copies, minimum)})


def going(*members: quorum.Member, way: quorum.Way = "replaced") -> list[quorum.Departure]:
    return [quorum.Departure(member, way) for member in members]


def test_one_of_three_copies_may_be_away_and_two_may_not() -> None:
    assert not quorum.shortages(going(holder("sto-1")))
    (short,) = quorum.shortages(going(holder("sto-1"), holder("sto-2")))
    assert (short.group, short.leaving, short.left) == ("data", ("sto-1", "sto-2"), 1)
    assert quorum.explain([short]) == (
        "data: of 3 copies, those on sto-1 and sto-2 would be gone and 1 would remain; clients need 2."
    )
    assert quorum.refusal([short]) == f"data {quorum.TOO_FEW}"


def test_machines_of_one_failure_domain_have_no_two_copies() -> None:
    assert not quorum.shortages(going(holder("sto-1", "rack-1"), holder("sto-2", "rack-1")))
    (short,) = quorum.shortages(going(holder("sto-1", "rack-1"), holder("sto-3", "rack-2")))
    assert "(failure domains rack-1 and rack-2)" in quorum.explain([short])


def test_the_only_copy_stays_and_one_of_two_may_be_replaced() -> None:
    assert quorum.shortages(going(holder("sto-1", copies=1, minimum=1)))
    assert not quorum.shortages(going(holder("sto-1", copies=2)))
    assert quorum.shortages(going(holder("sto-1", copies=2), holder("sto-2", copies=2)))


def test_who_does_not_answer_counts_where_another_one_is_replaced() -> None:
    dead = quorum.Departure(holder("sto-1"), "unreachable")
    assert not quorum.shortages([dead])
    assert quorum.shortages([dead, *going(holder("sto-2"))])
    assert not quorum.shortages(going(holder("sto-1"))), "the dead one itself may be replaced"


def test_who_is_deleted_hands_its_copies_over_first() -> None:
    assert not quorum.shortages(going(holder("sto-1"), holder("sto-2"), way="deleted"))


def test_who_stops_holding_copies_in_place_is_lost() -> None:
    departures = [quorum.dropped(holder(name), ()) for name in ("sto-1", "sto-2")]
    assert [one.leaves("data") for one in departures if one] == [True, True]
    assert quorum.shortages([one for one in departures if one])
    assert quorum.dropped(holder("sto-1"), {"data"}) is None


def test_a_whole_environment_is_given_up_in_its_name_but_nothing_replaced() -> None:
    members = [holder(f"sto-{number}") for number in (1, 2, 3)]
    assert not quorum.shortages(going(*members, way="dropped"), allowed=True)
    assert quorum.shortages(going(*members), allowed=True)


WAYS = st.sampled_from(["deleted", "replaced", "dropped", "moved", "forgotten", "unreachable", "blank"])


@given(st.lists(st.tuples(st.integers(1, 5), WAYS), max_size=6), st.integers(1, 5), st.integers(1, 5))
def test_losing_more_domains_never_helps(found: list[tuple[int, quorum.Way]], copies: int, minimum: int) -> None:
    least = min(minimum, copies)
    departures = [
        quorum.Departure(holder(f"sto-{number}", f"rack-{domain}", copies, least), way)
        for number, (domain, way) in enumerate(found)
    ]
    short = quorum.shortages(departures)
    one_more = quorum.Departure(holder("sto-9", "rack-9", copies, least), "replaced")
    assert len(quorum.shortages([*departures, one_more])) >= len(short)
    for one in short:
        assert one.left < least or copies <= 2
