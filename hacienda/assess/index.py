"""The list of rules as a page: generated from their declarations, so that it cannot be out of date."""

from __future__ import annotations

from hacienda.assess.finding import SEVERITIES
from hacienda.assess.rules import rules

_HEADER = """# Rules of `hacienda check`

Generated from their declarations by `python docs/generate.py`. Each looks at the resolved cloud, at what its services state, and at
the project's other environments; none asks a machine. `hacienda explain RULE` says the same on the command line.

An error that the environment's `accept` does not name ends `hacienda check` with exit code 1 ([ACCEPT](ACCEPT.md)). Where a case is
worse than the rest of its rule, or harmless, its page says so.

| rule | severity | reports |
| --- | --- | --- |
"""


def index() -> str:
    """The page, in Markdown: the worst first."""
    listed = sorted(rules().values(), key=lambda rule: (SEVERITIES.index(rule.severity), rule.id))
    return _HEADER + "".join(f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.title} |\n" for rule in listed)
