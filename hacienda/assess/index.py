"""The list of rules as a page, generated from their declarations."""

from __future__ import annotations

from hacienda.assess.finding import SEVERITIES
from hacienda.assess.rules import rules

_HEADER = """# Rules of `hacienda check`

`python docs/generate.py` generates this page from the rules' declarations. A rule reads the resolved cloud, its services'
declarations and the project's other environments. No rule asks a machine. `hacienda explain RULE` prints the page of a rule.

`hacienda check` ends with exit code 1 if it finds an error that the environment's `accept` does not name ([ACCEPT](ACCEPT.md)).
Some cases of a rule have another severity than this table shows; the rule's page names them.

| rule | severity | reports |
| --- | --- | --- |
"""


def index() -> str:
    """The page in Markdown, with the worst rules first."""
    listed = sorted(rules().values(), key=lambda rule: (SEVERITIES.index(rule.severity), rule.id))
    return _HEADER + "".join(f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.title} |\n" for rule in listed)
