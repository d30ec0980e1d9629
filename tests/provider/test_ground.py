"""A bridge that goes from under members is refused, by the members' own states alone."""

from __future__ import annotations

import pytest

from hacienda import quorum
from hacienda.provider.departures import Departures
from hacienda.provider.ground import Bridge, Place

VOTES = {"etcd": 1}
HOSTS = {"a": "10.77.0.11", "b": "10.77.0.12", "c": "10.77.0.13"}
BRIDGE = Bridge("management", "10.77.0.1/24", "replaced")


def member(name: str) -> quorum.Member:
    return quorum.Member(name, VOTES, {other: VOTES for other in HOSTS if other != name})


def store(departures: Departures, *names: str, bridges: tuple[str, ...] = ("management",)) -> None:
    for name in names:
        departures.machine(f"id-{name}", bridges)
        departures.stored(member(name), Place(f"id-{name}", HOSTS[name], {o: h for o, h in HOSTS.items() if o != name}))


def test_one_target_that_takes_the_bridge_is_refused() -> None:
    """Terraform shows the provider the target alone; its peers are on the bridge by their addresses."""
    departures = Departures()
    assert departures.bridge_goes(BRIDGE) is None, "nobody is known yet"
    store(departures, "a")
    refusal = departures.leaves(member("a"), "replaced")
    assert refusal is not None
    summary, detail = refusal
    assert summary == "a must not leave: etcd would lose the quorum"
    assert "a (to be replaced), b (to be cut off: the bridge management is replaced)" in detail
    assert "No order makes this safe: every machine on this bridge would be cut off at once" in detail


def test_members_that_stay_are_refused_with_their_bridge() -> None:
    departures = Departures()
    store(departures, "a", "b", "c")
    refusal = departures.bridge_goes(BRIDGE)
    assert refusal is not None
    assert "a (to be cut off: the bridge management is replaced)" in refusal[1]
    later = Departures()
    later.bridge_goes(BRIDGE)
    store(later, "a")
    assert later.stays(member("a"), None) is not None


def test_a_bridge_that_is_read_and_gone_is_made_and_not_replaced() -> None:
    departures = Departures()
    departures.bridge("management", "10.77.0.1/24")
    assert departures.bridge_made("management") == BRIDGE
    departures.bridge("management", None)
    assert departures.bridge_made("management") is None


@pytest.mark.parametrize(
    ("bridge", "bridges"),
    [
        (Bridge("storage", "none", "deleted"), ("management", "storage")),
        (Bridge("storage", "10.78.0.1/24", "deleted"), ("management", "storage")),
        (BRIDGE, ("another",)),
    ],
    ids=["without an address", "another range", "another bridge"],
)
def test_a_bridge_that_nobody_is_reached_over_may_go(bridge: Bridge, bridges: tuple[str, ...]) -> None:
    departures = Departures()
    store(departures, "a", "b", "c", bridges=bridges)
    assert departures.bridge_goes(bridge) is None
    assert departures.stays(member("a"), None) is None
    assert departures.leaves(member("b"), "replaced") is None


def test_a_host_name_on_the_only_bridge_is_on_it() -> None:
    departures = Departures()
    departures.machine("id-a", ["management"])
    departures.stored(member("a"), Place("id-a", "a.example.org", {"b": "b.example.org", "c": "c.example.org"}))
    assert departures.bridge_goes(BRIDGE) is not None


def test_destroying_on_purpose_takes_the_bridge_along_and_replacing_does_not() -> None:
    departures = Departures()
    store(departures, "a", "b", "c")
    assert departures.bridge_goes(Bridge("management", "10.77.0.1/24", "deleted"), allowed=True) is None
    assert departures.leaves(member("a"), "deleted", allowed=True) is None
    other = Departures()
    store(other, "a", "b", "c")
    assert other.bridge_goes(BRIDGE, allowed=True) is not None


def test_a_survivor_that_counts_two_outweighs_a_list_of_three() -> None:
    """c left earlier: a's list is stale, b's own state says two. In whichever order they are planned."""
    survivor = quorum.Member("b", VOTES, {"a": VOTES})
    first = Departures()
    first.stored(member("a"))
    assert first.leaves(member("a"), "replaced") is None, "nobody has said yet that c is gone"
    first.stored(survivor)
    refusal = first.stays(survivor, None)
    assert refusal is not None
    assert refusal[0] == "a must not leave: etcd would lose the quorum"
    assert "of 2 declared voters, a would be gone and only b would remain" in refusal[1]
    assert first.stays(survivor, None) is None, "it was told"
    then = Departures()
    then.stored(member("a"))
    then.stored(survivor)
    then.stays(survivor, None)
    assert then.leaves(member("a"), "replaced") is not None


def test_a_survivor_whose_new_declaration_drops_who_left_counts_two() -> None:
    departures = Departures()
    for name in "ab":
        departures.stored(member(name))
    assert departures.leaves(member("a"), "replaced") is None
    assert departures.stays(quorum.Member("b", VOTES, {"a": VOTES}), None) is not None


def test_shrinking_in_good_order_passes() -> None:
    departures = Departures()
    for name in "abc":
        departures.stored(member(name))
    assert departures.leaves(member("c"), "deleted") is None
    for name, other in (("a", "b"), ("b", "a")):
        assert departures.stays(quorum.Member(name, VOTES, {other: VOTES}), None) is None
