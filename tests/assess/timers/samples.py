"""The frozen clouds with other times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from hacienda.assess.timers import Budget, Failure, budget
from hacienda.cloud import Cloud, Node
from hacienda.declare import Registry, Service, Timer
from tests.frozen import lab

Value = float | Mapping[str, float] | Callable[[Cloud, Node], float]


def registered(name: str, change: Callable[[Service], Service], cloud: Cloud | None = None) -> Cloud:
    """The lab, or another cloud, with another declaration of one service."""
    whole = cloud or lab()
    return replace(whole, registry=Registry(change(one) if one.name == name else one for one in whole.registry))


def timed(service: str, timers: Mapping[str, Value], cloud: Cloud | None = None) -> Cloud:
    """The lab, or another cloud, with other times of one service; of a mapping the sections named in it."""

    def stated(timer: Timer, value: Value) -> Timer:
        if isinstance(value, Mapping):
            return replace(timer, value=lambda cloud, node: {**timer.stated(cloud, node), **value})
        return replace(timer, value=value)

    def change(one: Service) -> Service:
        names = {timer.name for timer in one.timers}
        assert timers.keys() <= names, f"{service} has no {timers.keys() - names}"
        own = (
            stated(timer, timers[timer.name]) if isinstance(timer, Timer) and timer.name in timers else timer
            for timer in one.timers
        )
        return replace(one, timers=tuple(own))

    return registered(service, change, cloud)


def of(service: str, timers: Mapping[str, Value], cloud: Cloud | None = None) -> Budget:
    """The budget of the lab, or of another cloud, with other times of one service."""
    return budget(timed(service, timers, cloud))


def failure(found: Budget, name: str) -> Failure:
    """A failure by name."""
    (one,) = (line.failure for line in found.lines if line.failure.name == name)
    return one
