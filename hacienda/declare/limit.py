"""The most that a service may take of a resource. It is declared once; templates write it and assessments add it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hacienda.declare.views import Cloud, Node

Resource = Literal["memory", "disk", "connections"]
"""`memory` and `disk` of a machine, in bytes, or `connections` that the service accepts from clients."""


@dataclass(frozen=True)
class Limit:
    """How much of a resource a service may take on a machine.

    Args:
        of: the resource.
        amount: function of the cloud and the node; returns bytes or connections.
        file: absolute path on the node of the service's file that contains the limit.
        option: the service's option that sets it.
        reason: what takes it, as the beginning of "... 2 GiB of the disk"; empty: the service.
        purposes: only `disk`: purposes of the disk. The first purpose for which the machine has a disk counts.
    """

    of: Resource
    amount: Callable[[Cloud, Node], int]
    file: str
    option: str
    reason: str = ""
    purposes: tuple[str, ...] = ()
