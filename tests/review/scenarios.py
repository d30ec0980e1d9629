"""The corpus: what is planned, and what the guard must say of it. One table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.review.plan_stages import Stage

Change = Callable[["Stage"], None]

MACHINE = "hacienda_incus_instance"
MEMBER = "hacienda_member"
APPLY = ("apply", "-auto-approve", "-input=false")
INIT = ("init",)
ALL = ("etcd", "galera", "rabbitmq")
TWO = ("etcd", "galera")
GONE = "deleted"
ANEW = "replaced"


def nothing(stage: Stage) -> None:
    """Leaves everything as it is."""


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
        order: the safe order, as the guard tells its steps; none where nothing is refused, or none helps.
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


# What is changed


def without(kind: str, *names: str) -> Change:
    def change(stage: Stage) -> None:
        for name in names:
            del stage.resource[kind][name]
        _settle_gate(stage)

    return change


def _settle_gate(stage: Stage) -> None:
    """The gate waits for the members that are left, and its members for those that vote."""
    left = stage.resource[MEMBER]
    for gate in stage.resource.get("hacienda_gate", {}).values():
        gate["depends_on"] = [address for address in gate.get("depends_on", ()) if address.split(".")[-1] in left]
    for found in left.values():
        found["peers"] = {name: peer for name, peer in (found.get("peers") or {}).items() if name in left}


def gone(*nodes: str) -> Change:
    """Machines and members leave the configuration."""

    def change(stage: Stage) -> None:
        for node in nodes:
            del stage.resource[MACHINE][node]
        without(MEMBER, *nodes)(stage)

    return change


def removed(*addresses: str) -> Change:
    """`removed` blocks: Terraform forgets them, and destroys nothing."""

    def change(stage: Stage) -> None:
        for address in addresses:
            kind, name = address.split(".")
            del stage.resource[kind][name]
        _settle_gate(stage)
        blocks = [{"from": address, "lifecycle": {"destroy": False}} for address in addresses]
        stage.block["removed"] = blocks

    return change


def reconfigured(stage: Stage) -> None:
    for found in stage.resource[MEMBER].values():
        found["port"] = 2222


def one_file(*nodes: str) -> Change:
    """A file that was changed by hand on nodes: it drifted."""
    import json

    def change(stage: Stage) -> None:
        for node in nodes:
            path = stage.nodes / f"{node}.json"
            status = json.loads(path.read_text())
            status["files"]["/etc/haproxy/haproxy.cfg"] = "drifted:0badc0de"
            path.write_text(json.dumps({**status, "converged": False}))

    return change


def blank(*nodes: str) -> Change:
    """Nodes that lost what was installed."""

    def change(stage: Stage) -> None:
        for node in nodes:
            (stage.nodes / f"{node}.json").unlink()

    return change


def moved(stage: Stage) -> None:
    stage.resource[MEMBER]["first"] = stage.resource[MEMBER].pop("ctl-1")
    stage.block["moved"] = [{"from": f"{MEMBER}.ctl-1", "to": f"{MEMBER}.first"}]
    _settle_gate(stage)


def renamed(stage: Stage) -> None:
    for number in (1, 2):
        stage.resource[MEMBER][f"voter-{number}"] = stage.resource[MEMBER].pop(f"ctl-{number}")
    for gate in stage.resource["hacienda_gate"].values():
        gate["depends_on"] = []


def created_first(stage: Stage) -> None:
    for found in stage.resource[MEMBER].values():
        found["lifecycle"] = {"create_before_destroy": True}


def allowed(stage: Stage) -> None:
    stage.block["provider"]["hacienda"][0]["allow_destroy"] = True


# Members written by hand


def hand(count: int = 3, **more: Callable[[str], Any]) -> Change:
    """Voters `ctl-1` to `ctl-<count>`; `more` gives attributes by node."""

    def setup(stage: Stage) -> None:
        from tests.review.plan_stages import member

        names = tuple(f"ctl-{number}" for number in range(1, count + 1))
        found = {name: member(name, names, **{key: value(name) for key, value in more.items()}) for name in names}
        stage.resource[MEMBER] = {**stage.resource.get(MEMBER, {}), **found}

    return setup


def with_data(of: Change, value: Callable[[str], Any]) -> Change:
    """The same, with a `terraform_data` for each that stands for another provider's machine."""

    def setup(stage: Stage) -> None:
        of(stage)
        for name in list(stage.resource[MEMBER]):
            stage.resource["terraform_data"][name] = {"input": value(name)}

    return setup


def by_id(name: str) -> str:
    return f"${{terraform_data.{name}.id}}"


def waits(name: str) -> list[str]:
    return [f"terraform_data.{name}", "terraform_data.everybody"]


IDS = with_data(hand(machine=by_id), lambda name: name)
WAITING = with_data(hand(depends_on=waits), lambda name: name)
HOSTS = with_data(hand(), lambda name: {"address": f"192.0.2.{name[-1]}"})
INVENTORY = hand(depends_on=lambda name: ["terraform_data.everybody"])


def data(*names: str) -> tuple[str, ...]:
    return anew(*(f"terraform_data.{name}" for name in names))


def grown(stage: Stage) -> None:
    with_data(hand(5, machine=by_id), lambda name: name)(stage)


def shrunk(count: int) -> Change:
    def change(stage: Stage) -> None:
        for number in range(count + 1, 6):
            stage.resource[MEMBER].pop(f"ctl-{number}", None)
            stage.resource["terraform_data"].pop(f"ctl-{number}", None)
        _settle_gate(stage)

    return change


def each(stage: Stage) -> None:
    """Members and machines of `for_each`."""
    from tests.review.plan_stages import member

    names = ("ctl-1", "ctl-2", "ctl-3")
    stage.block["locals"] = {"nodes": {name: member(name, names) for name in names}}
    stage.resource["terraform_data"]["machine"] = {"for_each": "${local.nodes}", "input": "${each.key}"}
    attributes = ("node", "host", "user", "trust", "bundle", "bundle_hash", "files", "voters", "peers")
    stage.resource[MEMBER] = {
        "ctl": {
            "for_each": "${local.nodes}",
            "machine": "${terraform_data.machine[each.key].id}",
            **{name: f"${{each.value.{name}}}" for name in attributes},
        }
    }


def counted(stage: Stage) -> None:
    """The same with `count`."""
    each(stage)
    stage.block["locals"] = {"nodes": list(stage.block["locals"]["nodes"].values())}
    stage.resource["terraform_data"]["machine"] = {"count": 3, "input": "${count.index}"}
    found = stage.resource[MEMBER]["ctl"]
    texts = {name: text.replace("each.value", "local.nodes[count.index]") for name, text in found.items()}
    texts.pop("for_each")
    stage.resource[MEMBER]["ctl"] = {**texts, "count": 3, "machine": "${terraform_data.machine[count.index].id}"}


REQUIRED = {"terraform": {"required_providers": {"hacienda": {"source": "hacienda.local/hacienda/hacienda"}}}}


def nested(stage: Stage) -> None:
    """A module for each node, with its machine in a module of its own: the id goes through an output and a variable."""
    from tests.review.plan_stages import member

    names = ("ctl-1", "ctl-2", "ctl-3")
    attributes = ("node", "host", "user", "trust", "bundle", "bundle_hash", "files", "voters", "peers")
    stage.block["locals"] = {"nodes": {name: member(name, names) for name in names}}
    stage.block["module"] = {"ctl": {"source": "./node", "for_each": "${local.nodes}", "of": "${each.value}"}}
    stage.modules["node"] = {
        **REQUIRED,
        "variable": {"of": {"type": "any"}},
        "module": {
            "machine": {"source": "../machine", "name": "${var.of.node}"},
            "joined": {"source": "../joined", "of": "${var.of}", "machine": "${module.machine.id}"},
        },
    }
    stage.modules["machine"] = {
        "variable": {"name": {}},
        "resource": {"terraform_data": {"it": {"input": "${var.name}"}}},
        "output": {"id": {"value": "${terraform_data.it.id}"}},
    }
    stage.modules["joined"] = {
        **REQUIRED,
        "variable": {"of": {"type": "any"}, "machine": {}},
        "resource": {MEMBER: {"it": {"machine": "${var.machine}", **{n: f"${{var.of.{n}}}" for n in attributes}}}},
    }


def nested_machines(*nodes: str) -> tuple[str, ...]:
    return anew(*(f'module.ctl["{node}"].module.machine.terraform_data.it' for node in nodes))


def two_clusters(stage: Stage) -> None:
    """`ctl-1` to `ctl-3` twice, in two environments."""
    from tests.review.plan_stages import member

    names = ("ctl-1", "ctl-2", "ctl-3")
    stage.block["provider"]["hacienda"] = [{"environment": "left"}, {"alias": "right", "environment": "right"}]
    right = {
        f"right-{name}": {**member(name, names, host=f"198.51.100.{name[-1]}"), "provider": "hacienda.right"}
        for name in names
    }
    for found in right.values():
        for name, peer in found["peers"].items():
            peer["host"] = f"198.51.100.{name[-1]}"
    stage.resource[MEMBER] = {**{f"left-{name}": member(name, names) for name in names}, **right}


def members(*names: str) -> tuple[str, ...]:
    return anew(*(f"{MEMBER}.{name}" for name in names))


def weighty(stage: Stage) -> None:
    hand()(stage)
    heavy = stage.resource[MEMBER]
    heavy["ctl-1"]["voters"] = {"galera": 2}
    for name in ("ctl-2", "ctl-3"):
        heavy[name]["voters"] = {"galera": 1}
    for found in heavy.values():
        for name, peer in found["peers"].items():
            peer["voters"] = heavy[name]["voters"]


def imported(stage: Stage) -> None:
    stage.resource["terraform_data"]["found"] = {}
    stage.block["import"] = [{"to": "terraform_data.found", "id": "7d4f2a1c-0000-4000-8000-000000000001"}]


def unknown_newcomer(stage: Stage) -> None:
    from tests.review.plan_stages import member

    stage.resource["terraform_data"]["new"] = {"input": "ctl-4"}
    new = member("ctl-4", ())
    stage.resource[MEMBER]["new"] = {**new, "node": "${terraform_data.new.output}", "voters": {}, "peers": {}}


def half_forgotten(stage: Stage) -> None:
    """Two members are forgotten, and their machines deleted all the same."""
    removed(f"{MEMBER}.ctl-1", f"{MEMBER}.ctl-2")(stage)
    for name in ("ctl-1", "ctl-2"):
        del stage.resource["terraform_data"][name]


def together(*changes: Change) -> Change:
    def change(stage: Stage) -> None:
        for one in changes:
            one(stage)

    return change


REFUSED = "REFUSED"
HAND = (INIT, APPLY)
CTL = ("ctl-1", "ctl-2", "ctl-3")

SCENARIOS: Mapping[str, Scenario] = {
    # An environment in one stack on Incus: three controllers, two computes
    "no-op": Scenario("three", says="no member goes"),
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
        last=("chrony", "firewall", "haproxy", "host", "keepalived", "keystone", "memcached"),
        says="No order makes this safe",
    ),
    "destroy-allowed": Scenario(
        "three",
        change=allowed,
        arguments=("-destroy",),
        going=fates(GONE, *CTL, "cmp-1", "cmp-2"),
    ),
    "delete-one": Scenario("three", change=gone("ctl-3"), going=fates(GONE, "ctl-3")),
    "delete-two": Scenario(
        "three",
        change=gone("ctl-1", "ctl-2"),
        going=fates(GONE, "ctl-1", "ctl-2"),
        lost=ALL,
        says="of 3 voters it can go down to 2",
    ),
    "delete-members-alone": Scenario(
        "three",
        change=without(MEMBER, "ctl-1", "ctl-2"),
        going=fates(GONE, "ctl-1", "ctl-2"),
        lost=ALL,
        says="cannot all be deleted while the cluster lives",
    ),
    "delete-one-replace-another": Scenario(
        "three",
        change=gone("ctl-3"),
        arguments=machines("ctl-1"),
        going={"ctl-1": ANEW, "ctl-3": GONE},
        lost=ALL,
        order=("replace ctl-1", "everything else: ctl-3 goes"),
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
        order=("replace ctl-1", "replace ctl-2", "everything else: cmp-1 and cmp-2 go"),
        says=REFUSED,
    ),
    "network-replaced": Scenario(
        "three",
        arguments=anew("hacienda_incus_network.management"),
        going=fates(ANEW, *CTL, "cmp-1", "cmp-2"),
        lost=ALL,
        last=("chrony", "firewall", "haproxy", "host", "keepalived", "keystone", "memcached"),
        says="everybody on this network would be cut off at once",
    ),
    "image-replaced": Scenario("three", arguments=anew("hacienda_incus_image.machine"), says="no member goes"),
    "gate-only": Scenario("three", arguments=anew("hacienda_gate.controller"), says="no member goes"),
    "reconfigured": Scenario("three", change=reconfigured, says="no member goes"),
    "drifted": Scenario("three", change=one_file("ctl-1", "ctl-2"), says="no member goes"),
    "refresh-only": Scenario("three", change=one_file(*CTL), arguments=("-refresh-only",), says="no member goes"),
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
    "moved": Scenario("three", change=moved, says="no member goes"),
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
        "three", change=removed(f"{MEMBER}.ctl-3", f"{MACHINE}.ctl-3"), says="forgotten, not destroyed"
    ),
    # Five controllers
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
        lost=("galera", "rabbitmq"),
        says="cannot be replaced at all: galera and rabbitmq would lose the quorum even if it went alone",
    ),
    # Two machines with a cache behind a virtual IP: nobody votes
    "cache-one": Scenario("memcached", arguments=machines("ctl-1"), going=fates(ANEW, "ctl-1")),
    "cache-both": Scenario(
        "memcached",
        arguments=machines("ctl-1", "ctl-2"),
        going=fates(ANEW, "ctl-1", "ctl-2"),
        last=("chrony", "firewall", "haproxy", "host", "keepalived", "memcached"),
        order=("replace ctl-1", "everything else: ctl-2 goes"),
        says="no copy would be left",
    ),
    "cache-one-left": Scenario(
        "memcached",
        change=gone("ctl-2"),
        arguments=machines("ctl-1"),
        going={"ctl-1": ANEW, "ctl-2": GONE},
        last=("chrony", "firewall", "haproxy", "host", "keepalived", "memcached"),
        order=("replace ctl-1", "everything else: ctl-2 goes"),
        says="no copy would be left",
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
    "what-all-wait-for": Scenario(
        "hand", setup=INVENTORY, before=HAND, arguments=data("everybody"), says="no member goes"
    ),
    "machines-deleted-members-forgotten": Scenario(
        "hand",
        setup=IDS,
        before=HAND,
        change=half_forgotten,
        going=fates(GONE, "ctl-1", "ctl-2"),
        lost=TWO,
        says="cannot all be deleted while the cluster lives",
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
        says="cannot be replaced at all",
    ),
    "weights-light": Scenario(
        "hand", setup=weighty, before=HAND, arguments=members("ctl-2"), going=fates(ANEW, "ctl-2")
    ),
    "imported": Scenario("hand", setup=IDS, before=HAND, change=imported, says="no member goes"),
    "unknown-newcomer": Scenario("hand", setup=hand(), before=HAND, change=unknown_newcomer, says="no member goes"),
    "growth": Scenario("hand", setup=IDS, before=HAND, change=grown, says="no member goes"),
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
