"""Drains a member that leaves for good: its keepers move elsewhere what it holds, a step at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from hacienda import errors, quorum
from hacienda.declare.resource_types import MEMBER
from hacienda.provider import progress
from hacienda.provider.member import installation
from hacienda.provider.member.declaration import Declared
from hacienda.remote.connections import connect
from hacienda.remote.node import Node, Verdict
from hacienda.remote.transport import RemoteError

PAUSE = 5.0
"""Seconds between two steps. One step asks a cluster a few questions."""
_SILENCE = 120.0
"""Seconds without an answer of any keeper after which the member stays."""


def drain(member: Declared, stop: threading.Event) -> None:
    """Move what the member holds elsewhere. It takes as long as its data takes; progress says what is left.

    If it cannot be moved, or Terraform is interrupted, the member takes part again.

    Raises:
        hacienda.errors.UnwellError: a keeper refuses, none answers, or Terraform was interrupted. The member is in service.
    """
    name, services = member.voter.node, _services(member)
    answered, told = time.monotonic(), ""
    while True:
        verdicts, silent = _step(member, services)
        if len(verdicts) == len(services):
            answered = time.monotonic()
        refused = [one for one in verdicts.values() if not (one.ok or one.working)]
        if refused:
            _stay(member, services)
            reasons = "\n".join(f"{one.service}: {one.detail}\n  {one.fix}" for one in refused)
            raise errors.UnwellError(
                f"{name} must not leave now: it holds what has no other place", f"{_KEPT}\n{reasons}"
            )
        if len(verdicts) == len(services) and all(one.ok for one in verdicts.values()):
            return
        left = "; ".join([one.detail for one in verdicts.values() if not one.ok] + silent)
        if left != told:
            progress.report(MEMBER, name, "draining", left)
            told = left
        if time.monotonic() - answered > _SILENCE:
            _stay(member, services)
            missing = quorum.enumerate_names(sorted(services.keys() - verdicts.keys()))
            raise errors.UnwellError(
                f"{name} cannot leave now: no machine with {missing} answers",
                f"{_KEPT}\n" + "\n".join(silent),
            )
        if stop.wait(PAUSE):
            _stay(member, services)
            raise errors.UnwellError(
                f"{name}: interrupted while it was drained", f"{_KEPT} Apply again to continue.\n{left}"
            )


def dispensable(member: Declared, stop: threading.Event) -> None:
    """Wait until the others can do without the member for a while. A machine that was replaced before completes its copies first.

    Raises:
        hacienda.errors.UnwellError: they could not, no keeper answers, or Terraform was interrupted. Nothing was changed.
    """
    name = member.voter.node
    for service, keepers in _services(member).items():
        deadline, told = time.monotonic() + installation.BUSY, ""
        while reason := _reason(name, service, keepers):
            if reason != told:
                progress.report(MEMBER, name, "waiting", reason.splitlines()[0])
                told = reason
            if time.monotonic() > deadline or stop.wait(PAUSE):
                raise errors.UnwellError(
                    f"{name} must not leave now: {service} needs it", f"Nothing was changed.\n{reason}"
                )


def _reason(name: str, service: str, keepers: list[Node]) -> str:
    """Why a service cannot do without the member now, as the first keeper that answers says; empty: it can."""
    silent = []
    for keeper in keepers:
        try:
            return keeper.reason_to_stay(name, (service,))
        except RemoteError as error:
            silent.append(str(error))
    return "\n".join(silent)


_KEPT = "Nothing is lost, and the machine is in service again."


def remove(member: Declared) -> None:
    """Remove a drained member, whose services are stopped, from its keepers' clusters.

    Raises:
        RemoteError: no keeper could remove it.
    """
    for service, keepers in _services(member).items():
        said = []
        for keeper in keepers:
            try:
                keeper.remove(member.voter.node, (service,))
                break
            except RemoteError as error:
                said.append(str(error))
        else:
            raise RemoteError(
                f"{member.voter.node} could not leave {service}", "\n".join(said) + "\nFix this, then apply again."
            )


def _services(member: Declared) -> Mapping[str, list[Node]]:
    """Service -> the keepers that run it."""
    found: dict[str, list[Node]] = {}
    for keeper in member.keepers.values():
        node = Node(connect(keeper.address))
        for service in keeper.services:
            found.setdefault(service, []).append(node)
    return found


def _step(member: Declared, services: Mapping[str, list[Node]]) -> tuple[dict[str, Verdict], list[str]]:
    """One step of each service: its verdict, and why keepers gave none."""
    verdicts: dict[str, Verdict] = {}
    silent: list[str] = []
    for service, keepers in services.items():
        for keeper in keepers:
            try:
                (verdicts[service],) = keeper.drain(member.voter.node, (service,))
                break
            except (RemoteError, ValueError) as error:
                silent.append(str(error).splitlines()[0])
    return verdicts, silent


def _stay(member: Declared, services: Mapping[str, list[Node]]) -> None:
    for service, keepers in services.items():
        for keeper in keepers:
            try:
                keeper.stay(member.voter.node, (service,))
                break
            except RemoteError as error:
                progress.report(
                    MEMBER, member.voter.node, "draining", f"cannot be undone by {keeper.name}: {error.message}"
                )
