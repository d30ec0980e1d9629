"""What a service may take at most, stated once: its templates write it, and assessments add it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Resource = Literal["memory", "disk", "connections"]
"""Of a machine `memory` and `disk`, in bytes; `connections` are those that it accepts from clients."""


@dataclass(frozen=True)
class Limit:
    """How much of a resource a service may take on a machine.

    Args:
        of: the resource.
        amount: bytes or connections, given the cloud and the node.
        file: absolute path on the node of the service's file that has it.
        option: the service's option that sets it.
        reason: what takes it, as the beginning of "... 2 GiB of the disk"; empty: the service.
        purposes: of `disk`: purposes of the disk that it is on, the first that the machine has.
    """

    of: Resource
    amount: Callable[[Any, Any], int]
    file: str
    option: str
    reason: str = ""
    purposes: tuple[str, ...] = ()
