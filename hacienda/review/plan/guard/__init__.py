"""The quorum guard: refuses plans that would take a majority or a last copy at once, and prints the safe order."""

from hacienda.review.plan.guard.step import Step, told
from hacienda.review.plan.guard.verdict import Verdict, judge
from hacienda.review.plan.guard.words import describe, document

__all__ = ["Step", "Verdict", "describe", "document", "judge", "told"]
