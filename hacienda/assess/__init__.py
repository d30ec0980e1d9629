"""Checks a resolved cloud against rules and reports findings. A rule is one module in rules/, two tests and one page."""

from hacienda.assess.assessment import findings, today
from hacienda.assess.finding import SEVERITIES, Acceptance, Finding, Observation, Severity, counted
from hacienda.assess.rule import Rule
from hacienda.assess.rules import rules
from hacienda.assess.subject import Held, Subject

__all__ = [
    "SEVERITIES",
    "Acceptance",
    "Finding",
    "Held",
    "Observation",
    "Rule",
    "Severity",
    "Subject",
    "counted",
    "findings",
    "rules",
    "today",
]
