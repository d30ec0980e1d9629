"""Copies of what a service keeps, beside what its voters agree on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Redundancy:
    """How often a service keeps what it keeps.

    Args:
        of: what is kept, in the plural: `images`.
        copies: how many there are of each, on different machines, given the cloud.
        minimum: how many of them must be there for clients to go on. Default: 1.
        option: the service's option that decides how many there are; empty: none does.
    """

    of: str
    copies: Callable[[Any], int]
    minimum: int = 1
    option: str = ""
