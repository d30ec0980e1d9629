"""Rules. A rule finds one kind of weakness in a resolved cloud before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hacienda.assess.finding import Finding, Observation, Severity
from hacienda.assess.subject import Subject


@dataclass(frozen=True)
class Rule:
    """One rule.

    Args:
        id: its name in capitals, which its module, page and tests share.
        title: what it reports, in one line.
        severity: how bad that is, unless an observation has its own severity.
        reason: why it matters.
        fix: what to do about it, unless an observation has its own fix.
        find: function that returns its observations. It must not compare every node with every other node.
    """

    id: str
    title: str
    severity: Severity
    reason: str
    fix: str
    find: Callable[[Subject], Iterable[Observation]]

    @property
    def page(self) -> str:
        """Path of its page from the root of the repository."""
        return f"docs/rules/{self.id}.md"

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """Its findings, with their places in the environment file."""
        source = subject.cloud.source
        for seen in self.find(subject):
            yield Finding(
                rule=self.id,
                severity=seen.severity or self.severity,
                where=seen.where,
                reason=seen.reason,
                fix=seen.fix or self.fix,
                concerns=seen.concerns,
                file=source.file if source else "",
                line=source.locate(seen.where) if source else None,
            )
