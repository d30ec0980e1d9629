"""Failures that people read in one line."""

from __future__ import annotations


class BadBundleError(Exception):
    """The delivery cannot be installed; nothing was changed."""


class StepError(Exception):
    """A step of the installation failed on this node. Run it again after the cause is fixed."""
