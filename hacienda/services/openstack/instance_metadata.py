"""What Nova's metadata API and the agents on computes have in common."""

from __future__ import annotations

from hacienda.declare import Secret

SECRET = Secret("nova/metadata")
"""The secret with which an agent signs which instance asks, so that Nova believes it."""
