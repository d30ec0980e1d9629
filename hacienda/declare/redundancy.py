"""Copies that a service keeps beside its voters' agreement: of data, or of a task that one machine does and another takes over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hacienda.declare.views import Cloud, Node


@dataclass(frozen=True)
class Redundancy:
    """How many copies a service keeps.

    With a `domain`, machines of one failure domain restart together, and those of different domains one after another. A plan that
    leaves fewer than `minimum` copies is refused.

    Args:
        of: what has copies, in the plural: `images`, `gateways`.
        copies: function of the cloud; returns the number of copies, each in another failure domain.
        minimum: copies that must be available for clients to be served. Default: 1.
        option: the service's option that sets the number of copies; empty: no option does.
        held_by: name of the service whose daemons hold the copies; empty: this one.
        domain: function of the cloud and a machine with that service; returns the name of the failure domain of the machine's
            copies, or an empty text if it holds none. None: restarts and plans do not count them.
        remade_after: function of the cloud; returns the seconds after which the machines that are left begin to make lost copies
            again, if there are more failure domains than copies. None: they never do.
    """

    of: str
    copies: Callable[[Cloud], int]
    minimum: int = 1
    option: str = ""
    held_by: str = ""
    domain: Callable[[Cloud, Node], str] | None = None
    remade_after: Callable[[Cloud], float] | None = None
