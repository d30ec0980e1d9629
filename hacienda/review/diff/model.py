"""What differs between two renderings of an environment, as plain data: commands and reports only print it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hacienda.declare.resource_types import MACHINES, MEMBER
from hacienda.review.diff.lines import Hunk
from hacienda.review.diff.trust import TrustChange

Kind = Literal["added", "removed", "changed"]
ResourceKind = Literal["added", "removed", "changed", "replaced"]
Action = Literal["restart", "reload", "start", "stop"]

FIRST_BOOT = ("user-data", "network-config")
"""What cloud-init is given on the first boot; the names stand for paths."""


@dataclass(frozen=True)
class FileChange:
    """The same change of one file on one or more machines that stay.

    Args:
        path: absolute path on the node, or one of FIRST_BOOT.
        kind: what happens to the file.
        service: service it belongs to; `hacienda`: the node's own programs, and FIRST_BOOT.
        effect: what running daemons do about it, `reload SERVICE`; empty: nothing.
        nodes: machines it is on, in the cloud's order.
        alike: False: each machine has its own name and addresses in these lines; the first machine's are shown.
        hunks: where the text changes; none where only `attributes` change, where nobody can read it, or for a removed file.
        left_out: lines of the hunks that are not here, because there are too many.
        plus, minus: number of lines added and removed.
        attributes: owner, group, mode, secrets: value before and after; empty for a file that was added or removed.
        unreadable: why there are no hunks though the text changes: sizes of what is no text; empty: it can be read.
    """

    path: str
    kind: Kind
    service: str
    effect: str
    nodes: tuple[str, ...]
    alike: bool
    hunks: tuple[Hunk, ...]
    left_out: int
    plus: int
    minus: int
    attributes: Mapping[str, tuple[str, str]]
    unreadable: str


@dataclass(frozen=True)
class NodeChange:
    """What happens to one machine. Terraform's plan says the same of `files` and `restarts`.

    Args:
        node: its name.
        kind: `added` and `removed`: the machine as a whole.
        files: of a machine that stays: path -> short hash of the text before and after; None: not there.
        restarts: of a machine that stays: effects, sorted; `restart SERVICE`.
        first_boot: those of FIRST_BOOT that change.
        count: number of files of a machine that comes or goes, else of `files`.
    """

    node: str
    kind: Kind
    files: Mapping[str, tuple[str | None, str | None]]
    restarts: tuple[str, ...]
    first_boot: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Step:
    """What one service's daemons do on machines that stay. On one machine steps come in the order of `Diff.steps`.

    Args:
        action: `start` and `stop`: the service comes to these machines or leaves them.
        service: its name.
        nodes: where.
        rolling: one machine after the other, the next when the one before is healthy again; in which order, they settle
            themselves. False: all at once.
    """

    action: Action
    service: str
    nodes: tuple[str, ...]
    rolling: bool


@dataclass(frozen=True)
class PackageChange:
    """Debian packages that machines that stay get, or that are no longer asked for."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class ResourceChange:
    """What happens to one of Terraform's resources, or to the place of secrets or of the state, in the environment's own file.

    Args:
        address: its Terraform address; `secrets`, `state`.
        kind: `replaced`: Terraform must destroy it and make it anew, as the provider's definition of the attribute says.
        attributes: name -> value before and after, in words.
        follows: attributes that force a replacement because what they refer to is replaced.
    """

    address: str
    kind: ResourceKind
    attributes: Mapping[str, tuple[str, str]]
    follows: tuple[str, ...]

    @property
    def node(self) -> str:
        """The machine that it is, or is on; empty: none."""
        kind, _, name = self.address.partition(".")
        return name if kind in (MEMBER, *MACHINES) else ""


@dataclass(frozen=True)
class Diff:
    """Everything that differs.

    Args:
        nodes: machines on which anything differs, in the cloud's order; those that go come last.
        files: changes of files, by path, FIRST_BOOT first; identical ones are one.
        steps: what daemons do, in the order of their start on each machine.
        packages: changes of packages.
        replaces: the platform makes a machine anew when something of FIRST_BOOT changes.
        resources: machines, networks, the ways to nodes, secrets and state, where they differ.
        resources_known: False: the base does not say what it becomes beside files, because its code is too old for it.
        trust: settings of trust that differ.
        trust_known: False: the base's file cannot be read for them.
    """

    nodes: tuple[NodeChange, ...]
    files: tuple[FileChange, ...]
    steps: tuple[Step, ...]
    packages: tuple[PackageChange, ...]
    replaces: bool
    resources: tuple[ResourceChange, ...] = ()
    resources_known: bool = True
    trust: tuple[TrustChange, ...] = ()
    trust_known: bool = True

    def of(self, kind: Kind) -> tuple[str, ...]:
        """Names of machines to which this happens."""
        return tuple(change.node for change in self.nodes if change.kind == kind)

    @property
    def reconfigured(self) -> tuple[str, ...]:
        """Machines that stay and are given something else now, not only on a first boot that they have had."""
        touched = {node for change in self.files if change.path not in FIRST_BOOT for node in change.nodes}
        touched.update(node for change in self.packages for node in change.nodes)
        touched.update(node for step in self.steps for node in step.nodes)
        return tuple(node for node in self.of("changed") if node in touched and node not in self.replaced)

    @property
    def replaced(self) -> tuple[str, ...]:
        """Machines that stay by name and are made anew: for what they are made of, or on a platform that does so for their first
        boot."""
        made_anew = [change.node for change in self.resources if change.kind == "replaced" and change.node]
        booted = [change.node for change in self.nodes if change.first_boot and self.replaces]
        return tuple(dict.fromkeys((*made_anew, *booted)))

    @property
    def others(self) -> tuple[ResourceChange, ...]:
        """Resources that are no machine of its own and on none, and machines that change in place."""
        return tuple(one for one in self.resources if not one.node or one.kind == "changed")

    def __bool__(self) -> bool:
        return bool(self.nodes or self.resources or self.trust)


def document(diff: Diff) -> dict[str, Any]:
    """The same as JSON: machines by name as in `hacienda plan --json`, everything else as the model has it."""
    nodes = {
        change.node: {
            "change": change.kind,
            "files": {path: {"before": old, "after": new} for path, (old, new) in change.files.items()},
            "restarts": list(change.restarts),
            "first_boot": list(change.first_boot),
            "count": change.count,
        }
        for change in diff.nodes
    }
    return {
        "changes": bool(diff),
        "trust": [asdict(change) for change in diff.trust],
        "trust_known": diff.trust_known,
        "nodes": nodes,
        "replaced": list(diff.replaced),
        "files": [asdict(change) for change in diff.files],
        "steps": [asdict(step) for step in diff.steps],
        "packages": [asdict(change) for change in diff.packages],
        "resources": [asdict(change) for change in diff.resources],
        "resources_known": diff.resources_known,
    }
