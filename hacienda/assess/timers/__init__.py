"""How long each failure is felt at worst, from the times that rendered files have (docs/timers.md)."""

from hacienda.assess.timers.budget import budget
from hacienda.assess.timers.measured import load, save
from hacienda.assess.timers.model import Budget, Contradiction, Drill, Failure, Line

__all__ = ["Budget", "Contradiction", "Drill", "Failure", "Line", "budget", "load", "save"]
