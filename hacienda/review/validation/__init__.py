"""Lets real programs read every rendered file before a machine does."""

from hacienda.review.validation.cache import Cache, default_path
from hacienda.review.validation.checkers import CHECKERS
from hacienda.review.validation.installed import Installed
from hacienda.review.validation.place import Image, Place, choose
from hacienda.review.validation.result import Report, Result
from hacienda.review.validation.run import check, counts, validate
from hacienda.review.validation.scratch import Scratch
from hacienda.review.validation.subjects import Collection, Subject, collect

__all__ = [
    "CHECKERS",
    "Cache",
    "Collection",
    "Image",
    "Installed",
    "Place",
    "Report",
    "Result",
    "Scratch",
    "Subject",
    "check",
    "choose",
    "collect",
    "counts",
    "default_path",
    "validate",
]
