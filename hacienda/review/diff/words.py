"""A rendered diff in words."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.review import names
from hacienda.review.diff.base import Base
from hacienda.review.diff.model import FIRST_BOOT, Diff, FileChange, ResourceKind, Step


def title(name: str, base: Base, found: Diff) -> str:
    """Title of a diff: the environment, the base, and the numbers of changed machines."""
    against = f"against {base.title}"
    if base.rendering is None:
        return f"{name} is new, {base.title} does not contain it: {len(found.nodes)} machines"
    if not found and found.trust_known:
        return f"{name}: no differences {against}" if found.resources_known else f"{name}: no file differs {against}"
    counts = {
        "reconfigured in place": len(found.reconfigured),
        "added": len(found.of("added")),
        "removed": len(found.of("removed")),
        "replaced": len(found.replaced),
        "with another first boot": sum(
            1 for change in found.nodes if change.first_boot and change.node not in found.replaced
        ),
    }
    said = [f"{count} {word}" for word, count in counts.items() if count]
    # Readers look for this number first.
    if not counts["removed"] and not counts["replaced"]:
        said.append("0 replaced")
    title = f"{name}: {trust(found)}machines: {', '.join(said)}"
    return f"{', '.join((title, *_others(found)))}, {against}"


def trust(found: Diff) -> str:
    """The number of settings of trust that differ, as the first words of the title; empty: none."""
    if not found.trust_known:
        return "CHANGES OF TRUST ARE UNKNOWN; "
    count = len(found.trust)
    return f"{count} CHANGE{'' if count == 1 else 'S'} OF TRUST; " if count else ""


def _others(found: Diff) -> Iterator[str]:
    """Numbers of changed resources and settings that belong to no counted machine."""
    kinds: tuple[ResourceKind, ...] = ("replaced", "removed", "added", "changed")
    for kind in kinds:
        count = sum(1 for change in found.others if change.kind == kind)
        if count:
            yield f"{count} other {'resource' if count == 1 else 'resources'} {kind}"


UNTOLD = (
    "The base's code is too old to export more than files. Platform, networks, disks, memory, SSH, trust, secrets and state are "
    "not compared."
)


UNTRUSTED = (
    "This version cannot read the base's file, so settings of trust are not compared. Compare the two files by hand."
)


def resources(found: Diff) -> list[tuple[str, str]]:
    """Resources and settings that change: which, and how. Equal changes share a line. Added and removed machines are left out."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for change in found.resources:
        if change.node and change.kind in ("added", "removed"):
            continue
        kind, _, name = change.address.partition(".")
        how = [f"{one} {was} -> {now}" for one, (was, now) in change.attributes.items()]
        how += [f"with its {one}" for one in change.follows]
        groups.setdefault((kind, change.kind, "; ".join(how)), []).append(name)
    return [
        (f"{kind} {names.brief(on)}".strip(), f"{what}: {how}" if how else what)
        for (kind, what, how), on in groups.items()
    ]


def heading(change: FileChange, replaces: bool) -> str:
    """What happens to a file, on which machines, and what daemons do afterwards.

    Args:
        change: the change.
        replaces: the platform replaces a machine when its user-data or network-config changes.
    """
    words: list[str] = [change.kind] if change.kind != "changed" else []
    words.append(names.brief(change.nodes) + (", the same change" if len(change.nodes) > 1 else ""))
    if not change.alike:
        words[-1] += f" except for their own names and addresses (shown: {change.nodes[0]})"
    words += [f"{name} {was or 'none'} -> {now or 'none'}" for name, (was, now) in change.attributes.items()]
    if change.unreadable:
        words.append(f"not text: {change.unreadable}")
    if change.kind == "removed":
        words.append(f"{change.minus} lines")
    if change.path in FIRST_BOOT:
        words.append(
            "these machines are replaced"
            if replaces
            else "for machines created from now on: read on the first boot only"
        )
    return "; ".join([*words, *([change.effect] if change.effect else [])])


def step(one: Step) -> str:
    """What a service's daemons do, and on which machines."""
    how = ", one machine at a time" if one.rolling and len(one.nodes) > 1 else ""
    return f"{one.action} {one.service}: {names.brief(one.nodes)}{how}"
