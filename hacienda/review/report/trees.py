"""The tree behind an estimate, for people. Equal branches appear once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from hacienda.assess.availability.paths import Path
from hacienda.assess.availability.tree import All, AtLeast, Part, parts
from hacienda.assess.availability.tree import Tree as Gate
from hacienda.quorum import enumerate_names
from hacienda.review import names
from hacienda.review.report.blocks import Branch, Tree

_COMMON = ": common cause"
"""End of the label of a part whose failure takes all parts of a kind at once."""


def tree(path: Path) -> Tree:
    """The parts that must work so that a request is served."""
    children = path.tree.of if isinstance(path.tree, All) else (path.tree,)
    return Tree(f"Needed to serve: {path.name}", tuple(_branches(children)))


def _branches(gates: Iterable[Gate]) -> list[Branch]:
    """Branches of gates. Single parts share a branch, one for each kind of label."""
    listed = list(gates)
    leaves = [gate for gate in listed if isinstance(gate, Part)]
    found = [_gate(gate) for gate in listed if not isinstance(gate, Part)]
    kinds = list(dict.fromkeys(part.label for part in leaves))
    alone = [kind for kind in kinds if not kind.endswith(_COMMON)]
    causes = [kind.removesuffix(_COMMON) for kind in kinds if kind.endswith(_COMMON)]
    told = [Branch(enumerate_names(alone))] if alone else []
    told += [Branch(f"no common cause that takes all at once: {enumerate_names(causes)}")] if causes else []
    return told + found


def _gate(gate: Gate) -> Branch:
    if isinstance(gate, Part):
        return Branch(gate.label)
    if isinstance(gate, All):
        return Branch("all of", tuple(_branches(gate.of)))
    on = names.brief(names.natural({part.node for part in parts(gate) if part.node}))
    count = f"at least {gate.needed} of {len(gate.of)}" + (f" ({on})" if on else "")
    if len({_shape(one) for one in gate.of}) > 1:
        return Branch(count, tuple(_gate(one) for one in gate.of))
    first = gate.of[0]
    if isinstance(first, Part):
        return Branch(f"{count}: {first.label}")
    return Branch(f"{count}, each with", tuple(_branches(first.of)))


def _shape(gate: Gate) -> Hashable:
    """A shape that is equal for gates that differ only in names."""
    if isinstance(gate, Part):
        return gate.label
    needed = gate.needed if isinstance(gate, AtLeast) else len(gate.of)
    return needed, tuple(_shape(one) for one in gate.of)
