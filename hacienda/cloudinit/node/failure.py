"""Failures that are told to people in one line."""

from __future__ import annotations


class BadBundleError(Exception):
    """What was delivered cannot be installed; nothing was touched."""


class StepError(Exception):
    """A step of the installation failed here; run it again once the cause is gone."""
