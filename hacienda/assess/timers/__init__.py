"""How long clients notice each failure at worst, from the timers that services declare (docs/timers.md)."""

from hacienda.assess.timers.budget import budget
from hacienda.assess.timers.measured import load, save
from hacienda.assess.timers.model import Budget, Contradiction, Drill, Failure, Line
from hacienda.assess.timers.readings import Reading, Readings, read, where

__all__ = [
    "Budget",
    "Contradiction",
    "Drill",
    "Failure",
    "Line",
    "Reading",
    "Readings",
    "budget",
    "load",
    "read",
    "save",
    "where",
]
