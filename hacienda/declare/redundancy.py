"""Copies of data that a service keeps outside its voters' agreement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hacienda.declare.views import Cloud


@dataclass(frozen=True)
class Redundancy:
    """How many copies a service keeps of its data.

    Args:
        of: the data, in the plural: `images`.
        copies: function of the cloud; returns the number of copies, each on another machine.
        minimum: copies that must be available for clients to be served. Default: 1.
        option: the service's option that sets the number of copies; empty: no option does.
    """

    of: str
    copies: Callable[[Cloud], int]
    minimum: int = 1
    option: str = ""
