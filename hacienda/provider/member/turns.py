"""Restarts by failure domain: members of one domain at a time, and none after one that did not become healthy again.

Machines with copies need no lock of their own for this. Only a delivery causes a restart, and one provider process delivers to all
members of a stack.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping

from hacienda import errors, quorum

_ROUND = 0.5
"""Seconds between two looks at Terraform's request to stop."""


class Turns:
    """The turns of one provider process. Many threads can use it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_work: dict[str, dict[str, str]] = {}
        self._stuck: dict[str, str] = {}

    @contextlib.contextmanager
    def turn(self, node: str, domains: Mapping[str, str], stop: threading.Event) -> Iterator[None]:
        """Wait until no member of another failure domain is at work in any of these groups, and take the turn in all of them.

        Args:
            node: the member.
            domains: redundancy group -> failure domain of the member.
            stop: Terraform's request to stop.

        Raises:
            hacienda.errors.UnwellError: a member of one of the groups did not become healthy, or Terraform was interrupted.
        """
        with self._changed:
            while self._others(domains):
                self._refuse_after_failure(node, domains)
                if stop.is_set():
                    raise errors.UnwellError(f"{node}: interrupted before its turn came", "Apply again to continue.")
                self._changed.wait(_ROUND)
            self._refuse_after_failure(node, domains)
            for group, domain in domains.items():
                self._at_work.setdefault(group, {})[node] = domain
        try:
            yield
        finally:
            with self._changed:
                for group in domains:
                    del self._at_work[group][node]
                self._changed.notify_all()

    def stuck(self, node: str, domains: Mapping[str, str]) -> None:
        """Note that a member did not become healthy: no further member of its groups restarts in this apply."""
        with self._changed:
            for group in domains:
                self._stuck.setdefault(group, node)
            self._changed.notify_all()

    def _others(self, domains: Mapping[str, str]) -> bool:
        return any(
            other != domain for group, domain in domains.items() for other in self._at_work.get(group, {}).values()
        )

    def _refuse_after_failure(self, node: str, domains: Mapping[str, str]) -> None:
        groups = sorted(group for group in domains if group in self._stuck)
        if groups:
            failed = quorum.enumerate_names(sorted({self._stuck[group] for group in groups}))
            named = quorum.enumerate_names(groups)
            raise errors.UnwellError(
                f"{node} keeps its former configuration: {failed} did not become healthy with the new one",
                f"Members of {named} restart one failure domain after another, so that copies remain. Repair {failed} "
                f"(hacienda status), then apply again.",
            )
