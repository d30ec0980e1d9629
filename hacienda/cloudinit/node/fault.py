"""A cause of trouble on this node that several services may show as something else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One cause, in the operator's words.

    Args:
        kind: `storage`, `clock`, `network`, `daemon`, `certificate`, `package`, or `unknown` where the examination itself failed.
        what: what is wrong, with the figure.
        fix: what to do.
        services: services of this node that suffer from it.
    """

    kind: str
    what: str
    fix: str
    services: tuple[str, ...] = ()
