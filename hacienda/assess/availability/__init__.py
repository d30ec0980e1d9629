"""Estimates how available a cloud will be. It evaluates the dependency tree exactly, with common causes and failovers
(docs/availability.md)."""

from hacienda.assess.availability.estimate import budgeted, estimate, requests
from hacienda.assess.availability.figures import Assumptions, Rate, minutes_per_year
from hacienda.assess.availability.model import (
    Absent,
    Contributor,
    Effect,
    Estimate,
    Failover,
    Improvement,
    PathEstimate,
)

__all__ = [
    "Absent",
    "Assumptions",
    "Contributor",
    "Effect",
    "Estimate",
    "Failover",
    "Improvement",
    "PathEstimate",
    "Rate",
    "budgeted",
    "estimate",
    "minutes_per_year",
    "requests",
]
