"""Looks at a resolved cloud and says what is unwise about it. A rule is one module in rules/, one test and one page."""

from hacienda.assess.finding import Finding, Severity
from hacienda.assess.rules import findings, rules

__all__ = ["Finding", "Severity", "findings", "rules"]
