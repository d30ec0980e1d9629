"""Stations: where a service stands in the path of something that a tenant does. The availability estimate follows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hacienda.declare.views import Cloud, Node
from hacienda.declare.vocabulary import Capability, Deed

Which = Literal["any", "own"]
"""Which machines of a station serve a tenant. `any`: one of them is enough, and another one takes over. `own`: the one that the
tenant's instance is on, and no other takes over."""


def _everywhere(cloud: Cloud, node: Node) -> bool:
    return True


@dataclass(frozen=True)
class Station:
    """Machines of a service that stand in the path of something that a tenant does.

    Args:
        deed: what the tenant does.
        which: which of the machines must work.
        on: function of the cloud and a machine with the service; returns whether that machine stands in the path. Default: all do.
        daemon: False: the service's daemon may be away, only its machine must work: guests run on without it.
        beside: capabilities whose daemons must work on the same machine.
        needs: capabilities that must be served anywhere in the cloud. One that the service only `wants` counts where it is served.
        only_with: the station exists only where the cloud has this capability. None: everywhere.
    """

    deed: Deed
    which: Which
    on: Callable[[Cloud, Node], bool] = _everywhere
    daemon: bool = True
    beside: tuple[Capability, ...] = ()
    needs: tuple[Capability, ...] = ()
    only_with: Capability | None = None
