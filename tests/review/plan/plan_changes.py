"""What scenarios change: configurations, and what is on nodes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.review.plan.plan_stages import Stage

Change = Callable[["Stage"], None]

MACHINE = "hacienda_incus_instance"
MEMBER = "hacienda_member"


def nothing(stage: Stage) -> None:
    """Leaves everything as it is."""


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
        triggers = gate.get("triggers") or {}
        gate["triggers"] = {name: value for name, value in triggers.items() if name.split(" ")[0] in left}
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


def project(name: str) -> Change:
    """Everything in Incus, and the way to its host keys, is in another project."""

    def change(stage: Stage) -> None:
        for kind in (MACHINE, "hacienda_incus_network", "hacienda_incus_image"):
            for found in stage.resource[kind].values():
                found["project"] = name
        for found in (*stage.resource[MEMBER].values(), *stage.resource["hacienda_gate"].values()):
            found["trust"] = found["trust"].partition("?")[0] + f"?project={name}"

    return change


def reconfigured(stage: Stage) -> None:
    for found in stage.resource[MEMBER].values():
        found["port"] = 2222


def one_file(*nodes: str) -> Change:
    """A file that was changed by hand on nodes: it drifted."""

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


def dropped(group: str, *nodes: str) -> Change:
    """Members that stay, and do not vote in a group any more."""

    def change(stage: Stage) -> None:
        members = stage.resource[MEMBER]
        for node in nodes:
            members[node]["voters"] = {
                name: weight for name, weight in members[node]["voters"].items() if name != group
            }
        for found in members.values():
            for name, peer in (found.get("peers") or {}).items():
                peer["voters"] = members[name]["voters"]

    return change


def elsewhere(**hosts: str) -> Change:
    """Members that are to be reached at other addresses, `ctl_1="192.0.2.101"`; everybody else knows."""

    def change(stage: Stage) -> None:
        members = stage.resource[MEMBER]
        for name, host in hosts.items():
            node = name.replace("_", "-")
            members[node]["host"] = host
            for found in members.values():
                if node in (found.get("peers") or {}):
                    found["peers"][node]["host"] = host

    return change


TWO_ELSEWHERE = elsewhere(ctl_1="192.0.2.101", ctl_2="192.0.2.102")


def stopped(service: str, *nodes: str) -> Change:
    """A service that does not vote leaves members in place."""

    def change(stage: Stage) -> None:
        for node in nodes:
            files = stage.resource[MEMBER][node]["files"]
            stage.resource[MEMBER][node]["files"] = {
                path: text for path, text in files.items() if path != f"/etc/hacienda/services/{service}.env"
            }

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
        from tests.review.plan.plan_stages import member

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


def by_output(name: str) -> str:
    return f"${{terraform_data.{name}.output}}"


OUTPUTS = with_data(hand(host=by_output), lambda name: f"192.0.2.{name[-1]}")


def other_outputs(stage: Stage) -> None:
    """Addresses that are not known before the apply."""
    for number in (1, 2):
        stage.resource["terraform_data"][f"ctl-{number}"]["input"] = f"192.0.2.10{number}"


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
    from tests.review.plan.plan_stages import member

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
    from tests.review.plan.plan_stages import member

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


def two_clusters(stage: Stage) -> None:
    """`ctl-1` to `ctl-3` twice, in two environments."""
    from tests.review.plan.plan_stages import member

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
    from tests.review.plan.plan_stages import member

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
