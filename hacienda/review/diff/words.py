"""What a rendered diff says of itself, in words."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.review import names
from hacienda.review.diff.base import Base
from hacienda.review.diff.model import FIRST_BOOT, Diff, FileChange, ResourceKind, Step


def title(name: str, base: Base, found: Diff) -> str:
    """The environment, against what, and how many machines."""
    against = f"against {base.title}"
    if base.rendering is None:
        return f"{name} is new, {base.title} does not have it: {len(found.nodes)} machines"
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
    # What everybody looks for first.
    if not counts["removed"] and not counts["replaced"]:
        said.append("0 replaced")
    title = f"{name}: {trust(found)}machines: {', '.join(said)}"
    return f"{', '.join((title, *_others(found)))}, {against}"


def trust(found: Diff) -> str:
    """How many settings of trust differ, before everything else that is said; empty: none."""
    if not found.trust_known:
        return "CHANGES OF TRUST ARE NOT KNOWN; "
    count = len(found.trust)
    return f"{count} CHANGE{'' if count == 1 else 'S'} OF TRUST; " if count else ""


def _others(found: Diff) -> Iterator[str]:
    """Resources and settings that change and that no machine is counted for."""
    kinds: tuple[ResourceKind, ...] = ("replaced", "removed", "added", "changed")
    for kind in kinds:
        count = sum(1 for change in found.others if change.kind == kind)
        if count:
            yield f"{count} other {'resource' if count == 1 else 'resources'} {kind}"


UNTOLD = (
    "The base's code does not say what its environment becomes beside files: platform, networks, disks, memory, SSH, trust, "
    "secrets and state are not compared."
)


UNTRUSTED = (
    "The base's file cannot be read by this version, so what it trusts is not compared. Compare the two files by hand."
)


def resources(found: Diff) -> list[tuple[str, str]]:
    """Resources and settings that change, like ones together: which, and how. Machines that come or go are told as such."""
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
    """What happens to a file, where, and what daemons do about it.

    Args:
        change: the change.
        replaces: the platform makes a machine anew for what cloud-init is given.
    """
    words: list[str] = [change.kind] if change.kind != "changed" else []
    words.append(names.brief(change.nodes) + (", the same change" if len(change.nodes) > 1 else ""))
    if not change.alike:
        words[-1] += f" but for their own names and addresses (shown: {change.nodes[0]})"
    words += [f"{name} {was or 'none'} -> {now or 'none'}" for name, (was, now) in change.attributes.items()]
    if change.unreadable:
        words.append(f"no text: {change.unreadable}")
    if change.kind == "removed":
        words.append(f"{change.minus} lines")
    if change.path in FIRST_BOOT:
        words.append(
            "these machines are made anew" if replaces else "for machines made from now on: read on the first boot only"
        )
    return "; ".join([*words, *([change.effect] if change.effect else [])])


def step(one: Step) -> str:
    """What a service's daemons do on which machines."""
    how = ", one machine at a time" if one.rolling and len(one.nodes) > 1 else ""
    return f"{one.action} {one.service}: {names.brief(one.nodes)}{how}"
