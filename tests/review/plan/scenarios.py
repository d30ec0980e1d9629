"""The corpus: what is planned, and what the guard must say of it. One table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.review.plan.plan_changes import (
    HOSTS,
    IDS,
    INVENTORY,
    MACHINE,
    MEMBER,
    OUTPUTS,
    TWO_ELSEWHERE,
    WAITING,
    Change,
    allowed,
    blank,
    counted,
    created_first,
    dropped,
    each,
    elsewhere,
    gone,
    grown,
    half_forgotten,
    hand,
    imported,
    moved,
    nested,
    nothing,
    one_file,
    other_outputs,
    project,
    reconfigured,
    removed,
    renamed,
    shrunk,
    stopped,
    together,
    two_clusters,
    unknown_newcomer,
    weighty,
    without,
)

APPLY = ("apply", "-auto-approve", "-input=false")
INIT = ("init",)
ALL = ("etcd", "galera", "rabbitmq")
TWO = ("etcd", "galera")
GONE = "deleted"
ANEW = "replaced"
LEAVES = "dropped"
MOVES = "moved"
LOST_SIGHT_OF = "forgotten"


@dataclass(frozen=True)
class Scenario:
    """One plan.

    Args:
        base: the cloud that exists.
        change: what is changed in its configuration, or on its nodes.
        arguments: of `terraform plan`.
        setup: done to the cloud before, and applied with `before`.
        before: Terraform commands, between `setup` and `change`.
        going: node -> what becomes of it: everybody who goes.
        lost: voter groups that would lose their majority: the plan is refused.
        last: services whose last copy would go: the plan is refused.
        order: the safe order, as the guard prints its steps; none where nothing is refused, or none helps.
        says: something that it says.
    """

    base: str
    change: Change = nothing
    arguments: tuple[str, ...] = ()
    setup: Change = nothing
    before: tuple[tuple[str, ...], ...] = ()
    going: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    says: str = "every quorum safe"


def anew(*addresses: str) -> tuple[str, ...]:
    return tuple(f"-replace={address}" for address in addresses)


def machines(*nodes: str) -> tuple[str, ...]:
    return anew(*(f"{MACHINE}.{node}" for node in nodes))


def fates(fate: str, *nodes: str) -> dict[str, str]:
    return dict.fromkeys(nodes, fate)


def one_by_one(*nodes: str) -> tuple[str, ...]:
    return (*(f"replace {node}" for node in nodes), "everything else")


def data(*names: str) -> tuple[str, ...]:
    return anew(*(f"terraform_data.{name}" for name in names))


def nested_machines(*nodes: str) -> tuple[str, ...]:
    return anew(*(f'module.ctl["{node}"].module.machine.terraform_data.it' for node in nodes))


def members(*names: str) -> tuple[str, ...]:
    return anew(*(f"{MEMBER}.{name}" for name in names))


REFUSED = "REFUSED"
WAIVED = "allowed on purpose"
HAND = (INIT, APPLY)
CTL = ("ctl-1", "ctl-2", "ctl-3")

SCENARIOS: Mapping[str, Scenario] = {
    # An environment in one stack on Incus: three controllers, two computes
    "no-op": Scenario("three", says="no member leaves"),
    "replace-one": Scenario(
        "three",
        arguments=machines("ctl-1"),
        going=fates(ANEW, "ctl-1"),
        says="etcd, galera and rabbitmq keep 2 of 3 voters",
    ),
    "replace-two": Scenario(
        "three",
        arguments=machines("ctl-1", "ctl-3"),
        going=fates(ANEW, "ctl-1", "ctl-3"),
        lost=ALL,
        order=one_by_one("ctl-1", "ctl-3"),
        says="of 3 declared voters, ctl-1 and ctl-3 would be gone and only ctl-2 would remain; a majority takes 2",
    ),
    "replace-three": Scenario(
        "three",
        arguments=machines(*CTL),
        going=fates(ANEW, *CTL),
        lost=ALL,
        last=("haproxy", "keepalived", "keystone", "memcached"),
        order=one_by_one(*CTL),
        says="none would remain",
    ),
    "replace-members-alone": Scenario(
        "three",
        arguments=members("ctl-1", "ctl-2"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        lost=ALL,
        order=one_by_one("ctl-1", "ctl-2"),
        says=REFUSED,
    ),
    "tainted": Scenario(
        "three",
        before=(("taint", f"{MACHINE}.ctl-1"), ("taint", f"{MEMBER}.ctl-2")),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        lost=ALL,
        order=one_by_one("ctl-1", "ctl-2"),
        says=REFUSED,
    ),
    "destroy": Scenario(
        "three",
        arguments=("-destroy",),
        going=fates(GONE, *CTL, "cmp-1", "cmp-2"),
        lost=ALL,
        last=("haproxy", "keepalived", "keystone", "memcached"),
        says="No order makes this safe",
    ),
    "destroy-allowed": Scenario(
        "three",
        change=allowed,
        arguments=("-destroy",),
        going=fates(GONE, *CTL, "cmp-1", "cmp-2"),
        says=WAIVED,
    ),
    "delete-one": Scenario("three", change=gone("ctl-3"), going=fates(GONE, "ctl-3")),
    "delete-two": Scenario(
        "three",
        change=gone("ctl-1", "ctl-2"),
        going=fates(GONE, "ctl-1", "ctl-2"),
        lost=ALL,
        says="3 voters can shrink to no fewer than 2",
    ),
    "delete-members-alone": Scenario(
        "three",
        change=without(MEMBER, "ctl-1", "ctl-2"),
        going=fates(GONE, "ctl-1", "ctl-2"),
        lost=ALL,
        says="cannot all be deleted while the cluster runs",
    ),
    "delete-one-replace-another": Scenario(
        "three",
        change=gone("ctl-3"),
        arguments=machines("ctl-1"),
        going={"ctl-1": ANEW, "ctl-3": GONE},
        lost=ALL,
        order=("replace ctl-1", "everything else, including ctl-3"),
        says=REFUSED,
    ),
    "computes-replaced": Scenario("three", arguments=machines("cmp-1", "cmp-2"), going=fates(ANEW, "cmp-1", "cmp-2")),
    "computes-and-one-voter": Scenario(
        "three", arguments=machines("cmp-1", "cmp-2", "ctl-2"), going=fates(ANEW, "cmp-1", "cmp-2", "ctl-2")
    ),
    "computes-and-two-voters": Scenario(
        "three",
        arguments=machines("cmp-1", "cmp-2", "ctl-1", "ctl-2"),
        going=fates(ANEW, "cmp-1", "cmp-2", "ctl-1", "ctl-2"),
        lost=ALL,
        order=("replace ctl-1", "replace ctl-2", "everything else, including cmp-1 and cmp-2"),
        says=REFUSED,
    ),
    "network-replaced": Scenario(
        "three",
        arguments=anew("hacienda_incus_network.management"),
        going=fates(ANEW, *CTL, "cmp-1", "cmp-2"),
        lost=ALL,
        last=("haproxy", "keepalived", "keystone", "memcached"),
        says="every machine on this network would be cut off at once",
    ),
    "project-changed": Scenario(
        "three",
        change=project("elsewhere"),
        going=fates(ANEW, *CTL, "cmp-1", "cmp-2"),
        lost=ALL,
        last=("haproxy", "keepalived", "keystone", "memcached"),
        says="hacienda_incus_network.management: every machine on this network would be cut off at once, in any order",
    ),
    "project-changed-one-target": Scenario(
        "three",
        change=project("elsewhere"),
        arguments=(f"-target={MEMBER}.ctl-1", f"-target={MACHINE}.ctl-1"),
        going=fates(ANEW, *CTL, "cmp-1", "cmp-2"),
        lost=ALL,
        last=("haproxy", "keepalived", "keystone", "memcached"),
        says="ctl-2 and ctl-3 are replaced with hacienda_incus_network.management",
    ),
    "stale-list": Scenario(
        "three",
        before=(("state", "rm", f"{MEMBER}.ctl-3", f"{MACHINE}.ctl-3"),),
        change=gone("ctl-3"),
        arguments=machines("ctl-1"),
        going=fates(ANEW, "ctl-1"),
        lost=ALL,
        says="of 2 declared voters, ctl-1 would be gone and only ctl-2 would remain; a majority takes 2",
    ),
    "image-replaced": Scenario("three", arguments=anew("hacienda_incus_image.machine"), says="no member leaves"),
    "gate-only": Scenario("three", arguments=anew("hacienda_gate.controller"), says="no member leaves"),
    "reconfigured": Scenario("three", change=reconfigured, says="no member leaves"),
    "drifted": Scenario("three", change=one_file("ctl-1", "ctl-2"), says="no member leaves"),
    "refresh-only": Scenario("three", change=one_file(*CTL), arguments=("-refresh-only",), says="no member leaves"),
    "blank-one": Scenario("three", change=blank("ctl-3"), going={"ctl-3": "blank"}),
    "blank-two": Scenario("three", change=blank("ctl-2", "ctl-3"), going=fates("blank", "ctl-2", "ctl-3")),
    "blank-one-replace-another": Scenario(
        "three",
        change=blank("ctl-3"),
        arguments=machines("ctl-1"),
        going={"ctl-1": ANEW, "ctl-3": "blank"},
        lost=ALL,
        order=("bring back ctl-3", "replace ctl-1", "everything else"),
        says=REFUSED,
    ),
    "targeted": Scenario(
        "three",
        arguments=(*machines(*CTL), f"-target={MEMBER}.ctl-1"),
        going=fates(ANEW, "ctl-1"),
        says="leaves changes for later",
    ),
    "moved": Scenario("three", change=moved, says="no member leaves"),
    "renamed-without-moved": Scenario(
        "three",
        change=renamed,
        going=fates(GONE, "ctl-1", "ctl-2"),
        lost=ALL,
        says=REFUSED,
    ),
    "created-before-destroyed-one": Scenario(
        "three", change=created_first, arguments=members("ctl-1"), going=fates(ANEW, "ctl-1")
    ),
    "created-before-destroyed-two": Scenario(
        "three",
        change=created_first,
        arguments=machines("ctl-1", "ctl-2"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        lost=ALL,
        order=one_by_one("ctl-1", "ctl-2"),
        says=REFUSED,
    ),
    "forgotten": Scenario(
        "three",
        change=removed(f"{MEMBER}.ctl-3", f"{MACHINE}.ctl-3"),
        going=fates(LOST_SIGHT_OF, "ctl-3"),
        says="forgotten, not destroyed",
    ),
    "forgotten-two": Scenario(
        "three",
        change=removed(f"{MEMBER}.ctl-1", f"{MEMBER}.ctl-3"),
        going=fates(LOST_SIGHT_OF, "ctl-1", "ctl-3"),
        lost=ALL,
        says="ctl-1 and ctl-3: no plan counts a forgotten member, and a later plan may delete its machine",
    ),
    "forgotten-all-allowed": Scenario(
        "three",
        change=together(removed(*(f"{MEMBER}.{node}" for node in CTL)), allowed),
        going=fates(LOST_SIGHT_OF, *CTL),
        says="allowed on purpose: ctl-1, ctl-2 and ctl-3 are forgotten",
    ),
    "forgotten-one-replace-another": Scenario(
        "three",
        change=removed(f"{MEMBER}.ctl-3"),
        arguments=machines("ctl-1"),
        going={"ctl-1": ANEW, "ctl-3": LOST_SIGHT_OF},
        lost=ALL,
        order=("replace ctl-1", "everything else"),
        says=REFUSED,
    ),
    "stopped-everywhere": Scenario(
        "three",
        change=stopped("keystone", *CTL),
        going=fates(LEAVES, *CTL),
        last=("keystone",),
        says="or accept the outage: --accept keystone",
    ),
    "stopped-everywhere-allowed": Scenario(
        "three",
        change=together(stopped("keystone", *CTL), allowed),
        going=fates(LEAVES, *CTL),
        says="allowed on purpose: ctl-1, ctl-2 and ctl-3 are to stop running keystone in place",
    ),
    "stopped-on-two": Scenario(
        "three",
        change=stopped("keystone", "ctl-1", "ctl-2"),
        going=fates(LEAVES, "ctl-1", "ctl-2"),
        says="every quorum safe: ctl-1 and ctl-2 are to stop running keystone in place",
    ),
    "stopped-on-two-replace-the-third": Scenario(
        "three",
        change=stopped("keystone", "ctl-1", "ctl-2"),
        arguments=machines("ctl-3"),
        going={"ctl-1": LEAVES, "ctl-2": LEAVES, "ctl-3": ANEW},
        last=("keystone",),
        order=("replace ctl-3", "everything else"),
        says="keystone: no copy would remain; the only copies are on ctl-1, ctl-2 and ctl-3",
    ),
    "stopped-everywhere-and-all-replaced": Scenario(
        "three",
        change=stopped("keystone", *CTL),
        arguments=machines(*CTL),
        going=fates(ANEW, *CTL),
        lost=ALL,
        last=("haproxy", "keepalived", "keystone", "memcached"),
        says="keystone: runs only on ctl-1, ctl-2 and ctl-3",
    ),
    "elsewhere-by-the-platform": Scenario("three", change=TWO_ELSEWHERE, says="no member leaves"),
    "drop-from-one": Scenario(
        "three",
        change=dropped("galera", "ctl-3"),
        going=fates(LEAVES, "ctl-3"),
        says="ctl-3 is to leave galera in place; galera keeps 2 of 3 voters",
    ),
    "drop-from-two": Scenario(
        "three",
        change=dropped("galera", "ctl-1", "ctl-3"),
        going=fates(LEAVES, "ctl-1", "ctl-3"),
        lost=("galera",),
        says="let fewer leave at a time, and apply each change",
    ),
    "drop-from-all": Scenario(
        "three",
        change=dropped("galera", *CTL),
        going=fates(LEAVES, *CTL),
        lost=("galera",),
        says="To give up galera as a whole, with all data, set HACIENDA_ALLOW_DESTROY=region.",
    ),
    "drop-allowed": Scenario(
        "three",
        change=together(dropped("galera", *CTL), allowed),
        going=fates(LEAVES, *CTL),
        says="allowed on purpose: ctl-1, ctl-2 and ctl-3 are to leave galera in place",
    ),
    "drop-from-one-replace-another": Scenario(
        "three",
        change=dropped("galera", "ctl-3"),
        arguments=machines("ctl-1"),
        going={"ctl-1": ANEW, "ctl-3": LEAVES},
        lost=("galera",),
        order=("replace ctl-1", "everything else"),
        says="galera: of 3 declared voters, ctl-1 and ctl-3 would be gone",
    ),
    "drop-from-one-another-group-from-another": Scenario(
        "three",
        change=together(dropped("galera", "ctl-3"), dropped("rabbitmq", "ctl-1")),
        going=fates(LEAVES, "ctl-1", "ctl-3"),
    ),
    "drop-from-one-found-blank": Scenario(
        "three",
        change=together(dropped("galera", "ctl-1"), blank("ctl-3")),
        going={"ctl-1": LEAVES, "ctl-3": "blank"},
        lost=("galera",),
        order=("bring back ctl-3", "everything else"),
        says=REFUSED,
    ),
    # Five controllers
    "five-drop-from-two": Scenario(
        "five", change=dropped("galera", "ctl-4", "ctl-5"), going=fates(LEAVES, "ctl-4", "ctl-5")
    ),
    "five-drop-from-three": Scenario(
        "five",
        change=dropped("galera", "ctl-3", "ctl-4", "ctl-5"),
        going=fates(LEAVES, "ctl-3", "ctl-4", "ctl-5"),
        lost=("galera",),
        says="too many voters leave in place",
    ),
    "five-replace-one": Scenario("five", arguments=machines("ctl-5"), going=fates(ANEW, "ctl-5")),
    "five-replace-two": Scenario(
        "five", arguments=machines("ctl-1", "ctl-5"), going=fates(ANEW, "ctl-1", "ctl-5"), says="keep 3 of 5 voters"
    ),
    "five-replace-three": Scenario(
        "five",
        arguments=machines("ctl-1", "ctl-3", "ctl-5"),
        going=fates(ANEW, "ctl-1", "ctl-3", "ctl-5"),
        lost=ALL,
        order=one_by_one("ctl-1", "ctl-3", "ctl-5"),
        says="a majority takes 3",
    ),
    "five-shrink-to-three": Scenario("five", change=gone("ctl-4", "ctl-5"), going=fates(GONE, "ctl-4", "ctl-5")),
    "five-shrink-to-two": Scenario(
        "five",
        change=gone("ctl-3", "ctl-4", "ctl-5"),
        going=fates(GONE, "ctl-3", "ctl-4", "ctl-5"),
        lost=ALL,
        says="5 now, then 3, then 2",
    ),
    # Two controllers and an arbiter
    "two-node-arbiter": Scenario("two-node", arguments=machines("arb-1"), going=fates(ANEW, "arb-1")),
    "two-node-controller": Scenario(
        "two-node",
        arguments=machines("ctl-1"),
        going=fates(ANEW, "ctl-1"),
        says="etcd, galera and rabbitmq keep 2 of 3 voters",
    ),
    "two-node-controller-and-arbiter": Scenario(
        "two-node",
        arguments=machines("ctl-1", "arb-1"),
        going=fates(ANEW, "ctl-1", "arb-1"),
        lost=ALL,
        order=one_by_one("arb-1", "ctl-1"),
        says=REFUSED,
    ),
    # Two machines with a cache behind a virtual IP: nobody votes
    "cache-one": Scenario("memcached", arguments=machines("ctl-1"), going=fates(ANEW, "ctl-1")),
    "cache-both": Scenario(
        "memcached",
        arguments=machines("ctl-1", "ctl-2"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        last=("haproxy", "keepalived", "memcached"),
        order=("replace ctl-1", "everything else, including ctl-2"),
        says="no copy would remain",
    ),
    "cache-one-left": Scenario(
        "memcached",
        change=gone("ctl-2"),
        arguments=machines("ctl-1"),
        going={"ctl-1": ANEW, "ctl-2": GONE},
        last=("haproxy", "keepalived", "memcached"),
        order=("replace ctl-1", "everything else, including ctl-2"),
        says="no copy would remain",
    ),
    # examples/own-stack: somebody else's app
    "own-stack-one": Scenario("own", arguments=machines("ctl-2"), going=fates(ANEW, "ctl-2")),
    "own-stack-two": Scenario(
        "own",
        arguments=machines("ctl-2", "ctl-3"),
        going=fates(ANEW, "ctl-2", "ctl-3"),
        lost=TWO,
        order=one_by_one("ctl-2", "ctl-3"),
        says="database: REFUSED",
    ),
    # Written by hand, with other providers' machines
    "other-machines-by-id-one": Scenario(
        "hand", setup=IDS, before=HAND, arguments=data("ctl-1"), going=fates(ANEW, "ctl-1")
    ),
    "other-machines-by-id-two": Scenario(
        "hand",
        setup=IDS,
        before=HAND,
        arguments=data("ctl-1", "ctl-2"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        lost=TWO,
        order=one_by_one("ctl-1", "ctl-2"),
        says=REFUSED,
    ),
    "other-machines-waited-for-one": Scenario(
        "hand", setup=WAITING, before=HAND, arguments=data("ctl-1"), going=fates(ANEW, "ctl-1")
    ),
    "other-machines-waited-for-two": Scenario(
        "hand",
        setup=WAITING,
        before=HAND,
        arguments=data("ctl-1", "ctl-2"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        lost=TWO,
        order=one_by_one("ctl-1", "ctl-2"),
        says=REFUSED,
    ),
    "other-machines-by-host-two": Scenario(
        "hand",
        setup=HOSTS,
        before=HAND,
        arguments=data("ctl-1", "ctl-2"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        lost=TWO,
        order=one_by_one("ctl-1", "ctl-2"),
        says=REFUSED,
    ),
    # Addresses that another machine may have
    "elsewhere-one": Scenario(
        "hand",
        setup=IDS,
        before=HAND,
        change=elsewhere(ctl_1="192.0.2.101"),
        going=fates(MOVES, "ctl-1"),
        says="every quorum safe: ctl-1 is to get another address, which may belong to another machine; etcd and galera keep 2 of 3",
    ),
    "elsewhere-two": Scenario(
        "hand",
        setup=IDS,
        before=HAND,
        change=TWO_ELSEWHERE,
        going=fates(MOVES, "ctl-1", "ctl-2"),
        lost=TWO,
        says="Change one address at a time, and nothing else that takes a node away. Apply each change",
    ),
    "elsewhere-swapped": Scenario(
        "hand",
        setup=IDS,
        before=HAND,
        change=elsewhere(ctl_1="192.0.2.2", ctl_2="192.0.2.1"),
        going=fates(MOVES, "ctl-1", "ctl-2"),
        lost=TWO,
        says=REFUSED,
    ),
    "elsewhere-unknown": Scenario(
        "hand",
        setup=OUTPUTS,
        before=HAND,
        change=other_outputs,
        going=fates(MOVES, "ctl-1", "ctl-2"),
        lost=TWO,
        says=REFUSED,
    ),
    "elsewhere-allowed": Scenario(
        "hand",
        setup=IDS,
        before=HAND,
        change=together(TWO_ELSEWHERE, allowed),
        going=fates(MOVES, "ctl-1", "ctl-2"),
        says=WAIVED,
    ),
    "elsewhere-one-replace-another": Scenario(
        "hand",
        setup=IDS,
        before=HAND,
        change=elsewhere(ctl_1="192.0.2.101"),
        arguments=data("ctl-2"),
        going={"ctl-1": MOVES, "ctl-2": ANEW},
        lost=TWO,
        says="and nothing else that takes a node away",
    ),
    "elsewhere-one-found-blank": Scenario(
        "hand",
        setup=IDS,
        before=HAND,
        change=together(elsewhere(ctl_1="192.0.2.101"), blank("ctl-3")),
        going={"ctl-1": MOVES, "ctl-3": "blank"},
        lost=TWO,
        says="ctl-3 has nothing installed",
    ),
    "what-all-wait-for": Scenario(
        "hand", setup=INVENTORY, before=HAND, arguments=data("everybody"), says="no member leaves"
    ),
    "machines-deleted-members-forgotten": Scenario(
        "hand",
        setup=IDS,
        before=HAND,
        change=half_forgotten,
        going=fates(GONE, "ctl-1", "ctl-2"),
        lost=TWO,
        says="cannot all be deleted while the cluster runs",
    ),
    "for-each-one": Scenario(
        "hand", setup=each, before=HAND, arguments=anew('terraform_data.machine["ctl-1"]'), going=fates(ANEW, "ctl-1")
    ),
    "for-each-two": Scenario(
        "hand",
        setup=each,
        before=HAND,
        arguments=anew('terraform_data.machine["ctl-1"]', 'terraform_data.machine["ctl-3"]'),
        going=fates(ANEW, "ctl-1", "ctl-3"),
        lost=TWO,
        order=one_by_one("ctl-1", "ctl-3"),
        says="'-target=hacienda_member.ctl[\"ctl-1\"]'",
    ),
    "counted-two": Scenario(
        "hand",
        setup=counted,
        before=HAND,
        arguments=anew("terraform_data.machine[0]", "terraform_data.machine[1]"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        lost=TWO,
        order=one_by_one("ctl-1", "ctl-2"),
        says=REFUSED,
    ),
    "modules-one": Scenario(
        "hand", setup=nested, before=HAND, arguments=nested_machines("ctl-1"), going=fates(ANEW, "ctl-1")
    ),
    "modules-two": Scenario(
        "hand",
        setup=nested,
        before=HAND,
        arguments=nested_machines("ctl-1", "ctl-2"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        lost=TWO,
        order=one_by_one("ctl-1", "ctl-2"),
        says='module.ctl["ctl-1"].module.joined.hacienda_member.it',
    ),
    "two-clusters-one-each": Scenario(
        "hand",
        setup=two_clusters,
        before=HAND,
        arguments=members("left-ctl-1", "right-ctl-2"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
    ),
    "two-clusters-two-of-one": Scenario(
        "hand",
        setup=two_clusters,
        before=HAND,
        arguments=members("right-ctl-3", "left-ctl-1", "left-ctl-2"),
        going=fates(ANEW, *CTL),
        lost=TWO,
        order=one_by_one("ctl-1", "ctl-2"),
        says="right: every quorum safe: ctl-3 is replaced",
    ),
    "weights-heavy": Scenario(
        "hand",
        setup=weighty,
        before=HAND,
        arguments=members("ctl-1"),
        going=fates(ANEW, "ctl-1"),
        lost=("galera",),
        says="cannot be replaced",
    ),
    "weights-light": Scenario(
        "hand", setup=weighty, before=HAND, arguments=members("ctl-2"), going=fates(ANEW, "ctl-2")
    ),
    "imported": Scenario("hand", setup=IDS, before=HAND, change=imported, says="no member leaves"),
    "unknown-newcomer": Scenario("hand", setup=hand(), before=HAND, change=unknown_newcomer, says="no member leaves"),
    "growth": Scenario("hand", setup=IDS, before=HAND, change=grown, says="no member leaves"),
    "growth-interrupted": Scenario(
        "hand",
        setup=together(IDS),
        before=HAND,
        change=grown,
        arguments=("-target=hacienda_member.ctl-1", "-target=hacienda_member.ctl-4"),
        says="leaves changes for later",
    ),
    "growth-and-one-replaced": Scenario(
        "hand", setup=IDS, before=HAND, change=grown, arguments=data("ctl-1"), going=fates(ANEW, "ctl-1")
    ),
    "shrink-five-to-three": Scenario(
        "hand", setup=grown, before=HAND, change=shrunk(3), going=fates(GONE, "ctl-4", "ctl-5")
    ),
}
