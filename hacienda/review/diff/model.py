"""The differences between two renderings of an environment, as plain data. Commands and reports only print them."""

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
"""What cloud-init reads on the first boot; the names stand for paths."""


@dataclass(frozen=True)
class FileChange:
    """The same change of one file on one or more remaining machines.

    Args:
        path: absolute path on the node, or one of FIRST_BOOT.
        kind: what happens to the file.
        service: service that owns the file; `hacienda`: the node's own programs, and FIRST_BOOT.
        effect: what running daemons do after the change, `reload SERVICE`; empty: nothing.
        nodes: machines that have the file, in the cloud's order.
        alike: False: these lines contain each machine's own name and addresses; the hunks are the first machine's.
        hunks: changed places of the text; empty if only `attributes` change, for binary content, and for removed files.
        left_out: number of lines cut from the hunks, because there are too many.
        plus, minus: number of lines added and removed.
        attributes: owner, group, mode, secrets: value before and after; empty for an added or removed file.
        unreadable: sizes of changed binary content, shown instead of hunks; empty: the content is text.
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
    """What happens to one machine. `files` and `restarts` agree with Terraform's plan.

    Args:
        node: name of the machine.
        kind: `added` and `removed` apply to the machine as a whole.
        files: path -> short hash of the text before and after; None: absent. Empty for an added or removed machine.
        restarts: sorted effects, such as `restart SERVICE`; empty for an added or removed machine.
        first_boot: names in FIRST_BOOT that change.
        count: number of files of an added or removed machine, otherwise of `files`.
    """

    node: str
    kind: Kind
    files: Mapping[str, tuple[str | None, str | None]]
    restarts: tuple[str, ...]
    first_boot: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Step:
    """What one service's daemons do on remaining machines. Each machine takes its steps in the order of `Diff.steps`.

    Args:
        action: `start` and `stop`: the service is added to these machines or removed from them.
        service: name of the service.
        nodes: names of the machines.
        rolling: one machine at a time, the next when the previous one is healthy; the machines agree on the order.
            False: all at once.
    """

    action: Action
    service: str
    nodes: tuple[str, ...]
    rolling: bool


@dataclass(frozen=True)
class PackageChange:
    """Debian packages that remaining machines install, or no longer need."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class ResourceChange:
    """What happens to a Terraform resource, or to the declared place of secrets or state.

    Args:
        address: Terraform address, or `secrets` or `state`.
        kind: `replaced`: the provider's definition of a changed attribute makes Terraform destroy and create the resource.
        attributes: name -> value before and after, in words.
        follows: attributes that force a replacement because the resource to which they refer is replaced.
    """

    address: str
    kind: ResourceKind
    attributes: Mapping[str, tuple[str, str]]
    follows: tuple[str, ...]

    @property
    def node(self) -> str:
        """Node of the machine or member; empty: the resource is neither."""
        kind, _, name = self.address.partition(".")
        return name if kind in (MEMBER, *MACHINES) else ""


@dataclass(frozen=True)
class Diff:
    """Everything that differs between two renderings.

    Args:
        nodes: machines on which anything differs, in the cloud's order; removed machines come last.
        files: changes of files, by path, FIRST_BOOT first; identical changes share an entry.
        steps: what daemons do, in the order of their start on each machine.
        packages: changes of packages.
        replaces: the platform replaces a machine when something in FIRST_BOOT changes.
        resources: machines, networks, connections to nodes, secrets and state that differ.
        resources_known: False: the base's code is too old to export its resources.
        trust: settings of trust that differ.
        trust_known: False: this version cannot read the settings of trust from the base's file.
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
        """Names of the machines with this kind of change."""
        return tuple(change.node for change in self.nodes if change.kind == kind)

    @property
    def reconfigured(self) -> tuple[str, ...]:
        """Remaining machines that change now. A changed first boot alone does not count, because theirs is over."""
        touched = {node for change in self.files if change.path not in FIRST_BOOT for node in change.nodes}
        touched.update(node for change in self.packages for node in change.nodes)
        touched.update(node for step in self.steps for node in step.nodes)
        return tuple(node for node in self.of("changed") if node in touched and node not in self.replaced)

    @property
    def replaced(self) -> tuple[str, ...]:
        """Machines that keep their name and are replaced, because their resource changes, or because the platform replaces
        machines for a changed first boot."""
        made_anew = [change.node for change in self.resources if change.kind == "replaced" and change.node]
        booted = [change.node for change in self.nodes if change.first_boot and self.replaces]
        return tuple(dict.fromkeys((*made_anew, *booted)))

    @property
    def others(self) -> tuple[ResourceChange, ...]:
        """Resources that belong to no machine, and resources of machines that change in place."""
        return tuple(one for one in self.resources if not one.node or one.kind == "changed")

    def __bool__(self) -> bool:
        return bool(self.nodes or self.resources or self.trust)


def document(diff: Diff) -> dict[str, Any]:
    """The diff as JSON: machines by name as in `hacienda plan --json`, everything else as in the model."""
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
