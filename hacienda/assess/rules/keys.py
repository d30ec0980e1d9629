"""KEYS: keys that differ between machines."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda import cloudinit
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each shared secret for which the store has another value for one machine. That value takes precedence."""
    own = [
        held.name.split("/", 2)[1:] for held in subject.held if held.name.count("/") > 1 and held.name[:6] == "nodes/"
    ]
    if not own:
        return
    shared = {secret.name for secret in cloudinit.needs(subject.cloud).secrets}
    machines: dict[str, list[str]] = {}
    for node, name in own:
        if name in shared:
            machines.setdefault(name, []).append(node)
    for name, nodes in sorted(machines.items()):
        verb = "has" if len(nodes) == 1 else "have"
        reason = f"{', '.join(nodes)} {verb} another {name} than the other machines."
        yield Observation("secrets", reason, concerns=(name, *nodes))


rule = Rule(
    id="KEYS",
    title="Keys that differ between machines",
    severity="error",
    reason="A token made with one machine's key is refused by the others, which shows as random 401 errors. A member with another "
    "cookie cannot join.",
    fix="Remove nodes/<machine>/<name> from the store, and apply.",
    find=_find,
)
