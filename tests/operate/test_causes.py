"""Causes are put together from what the machines say about themselves and one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda import cloud, environment, services
from hacienda.operate import causes
from hacienda.remote.node import Diagnosis, Fault

ROOT = Path(__file__).parents[2]
NODES = ("ctl-1", "ctl-2", "ctl-3")


@pytest.fixture
def lab() -> cloud.Cloud:
    return cloud.read(environment.find("lab", ROOT), services.registry())


def said(ahead: dict[str, float] | None = None, **unreached: tuple[str, ...]) -> dict[str, Diagnosis]:
    """What three controllers say: node -> names of those it does not reach; and by how much their clocks are ahead."""
    lost = {
        name.replace("_", "-"): tuple((other, "management") for other in others) for name, others in unreached.items()
    }
    return {node: Diagnosis((), lost.get(node, ()), (ahead or {}).get(node, 0.1)) for node in NODES}


def test_machines_own_faults_are_told() -> None:
    fault = Fault("storage", "the disk of / is full: 3 MiB are free", "make room", ("etcd",))
    found = causes.of_machines({"ctl-1": Diagnosis((fault,)), "ctl-2": Diagnosis()})
    assert [str(one) for one in found] == ["ctl-1: the disk of / is full: 3 MiB are free\n  make room"]


@pytest.mark.parametrize(
    ("ahead", "found"),
    [
        ({}, []),
        ({"ctl-1": 1.5}, []),
        ({"ctl-2": 3600.0}, [("ctl-2", "the clock is 3600 s ahead of the other machines'")]),
        ({"ctl-2": -90.0}, [("ctl-2", "the clock is 90 s behind the other machines'")]),
        # All nodes agree: it is this machine's clock.
        (
            {"ctl-1": 60.0, "ctl-2": 60.0, "ctl-3": 60.0},
            [("this machine, which runs hacienda", "the clock is 60 s behind the other machines'")],
        ),
    ],
)
def test_a_clock_that_differs_from_the_others(ahead: dict[str, float], found: list[tuple[str, str]]) -> None:
    assert [(one.node, one.what) for one in causes.of_clocks(said(ahead))] == found


def test_two_clocks_that_differ_have_this_machines_as_their_judge() -> None:
    (one,) = causes.of_clocks({"a": Diagnosis(ahead=0.0), "b": Diagnosis(ahead=500.0)})
    assert one.node == "b"
    assert causes.of_clocks({"a": Diagnosis(ahead=500.0)}) == [], "nobody can say which of two is right"


def test_a_machine_that_is_cut_off_from_its_peers_is_named_once(lab: cloud.Cloud) -> None:
    for lost in (
        {"ctl_2": ("ctl-1", "ctl-3"), "ctl_1": ("ctl-2",), "ctl_3": ("ctl-2",)},
        {"ctl_2": ("ctl-1", "ctl-3")},
        {"ctl_1": ("ctl-2",), "ctl_3": ("ctl-2",)},
    ):
        (one,) = causes.of_networks(lab, said(**lost))
        assert one.node == "ctl-2"
        assert (
            one.what == "is cut off on the network management (10.77.0.0/24): no ping passes between it and ctl-1 ctl-3"
        )


def test_a_path_between_two_that_is_dead_is_a_pair(lab: cloud.Cloud) -> None:
    (one,) = causes.of_networks(lab, said(ctl_3=("ctl-1",)))
    assert (one.node, one.what) == (
        "ctl-1",
        "no ping passes between it and ctl-3 on the network management (10.77.0.0/24)",
    )


def test_a_network_that_is_dead_for_all_is_told_once(lab: cloud.Cloud) -> None:
    (one,) = causes.of_networks(lab, said(ctl_1=("ctl-2", "ctl-3"), ctl_2=("ctl-3",)))
    assert one.service == "the network management (10.77.0.0/24)"
    assert one.what == "no ping passes between any of ctl-1, ctl-2, ctl-3, though each of them answers this machine"


def test_a_network_without_losses_is_no_cause(lab: cloud.Cloud) -> None:
    assert causes.of_networks(lab, said()) == []
    assert causes.of_networks(lab, {}) == []


def test_a_silent_machine_is_no_fault_of_its_peers_network(lab: cloud.Cloud) -> None:
    answers = said(ctl_1=("ctl-2",), ctl_3=("ctl-2",))
    del answers["ctl-2"]
    assert causes.of_networks(lab, answers) == []
    assert causes.of_silence(lab, "ctl-2", "timed out", answers) == (
        "ctl-1, ctl-3 cannot reach it either: it has no power, or its network is down. Look at its console."
    )


def test_a_silent_machine_that_its_peers_reach_has_another_cause(lab: cloud.Cloud) -> None:
    answers = said()
    del answers["ctl-2"]
    fix = causes.of_silence(lab, "ctl-2", "timed out", answers)
    assert fix == "ctl-1, ctl-3 can reach it: look at the path from this machine to it, and at its sshd."
    assert causes.of_silence(lab, "ctl-2", "timed out", {}) == "Is it powered on, and does SSH reach it?"


@pytest.mark.parametrize(
    "silence", ["root@10.77.0.12: Permission denied (publickey).", "Host key verification failed."]
)
def test_a_machine_that_refuses_us_is_neither_dead_nor_cut_off(lab: cloud.Cloud, silence: str) -> None:
    assert causes.of_silence(lab, "ctl-2", silence, said()).startswith("It answers, so power and network work")
