"""Real programs read every rendered file before a machine does."""

from hacienda.review.validation.checkers import CHECKERS
from hacienda.review.validation.run import Place, Report, Result, check, counts, validate
from hacienda.review.validation.scratch import Scratch
from hacienda.review.validation.subjects import Collection, Subject, collect

__all__ = [
    "CHECKERS",
    "Collection",
    "Place",
    "Report",
    "Result",
    "Scratch",
    "Subject",
    "check",
    "collect",
    "counts",
    "validate",
]
