"""Compares every file of every node in two revisions. Needs no host, no state and no secret."""

from hacienda.review.diff.base import Base, facts, rendered
from hacienda.review.diff.compare import MOST_LINES, compare
from hacienda.review.diff.model import (
    FIRST_BOOT,
    Diff,
    FileChange,
    NodeChange,
    PackageChange,
    ResourceChange,
    Step,
    document,
)
from hacienda.review.diff.rendering import File, RenderedNode, Rendering, of_folder, of_outputs
from hacienda.review.diff.resources import resources
from hacienda.review.diff.trust import TrustChange

__all__ = [
    "FIRST_BOOT",
    "MOST_LINES",
    "Base",
    "Diff",
    "File",
    "FileChange",
    "NodeChange",
    "PackageChange",
    "RenderedNode",
    "Rendering",
    "ResourceChange",
    "Step",
    "TrustChange",
    "compare",
    "document",
    "facts",
    "of_folder",
    "of_outputs",
    "rendered",
    "resources",
]
