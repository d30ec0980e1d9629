"""Writes one report in three forms: a comment for a pull request, a page, and a document for programs."""

from hacienda.review.report.document import document
from hacienda.review.report.model import Compared, Planned, Report, assemble
from hacienda.review.report.rendering import comment, page

__all__ = ["Compared", "Planned", "Report", "assemble", "comment", "document", "page"]
