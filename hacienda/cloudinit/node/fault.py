"""A fault of this node, which several services may report as other failures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One fault, in the operator's words.

    Args:
        kind: `storage`, `clock`, `network`, `daemon`, `certificate`, `package`, or `unknown` if the examination itself
            failed.
        what: the fault, with its figures.
        fix: the fix.
        services: services of this node that depend on it.
    """

    kind: str
    what: str
    fix: str
    services: tuple[str, ...] = ()
