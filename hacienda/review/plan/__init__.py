"""A Terraform plan, read, summed up, and judged by the quorum guard."""

from hacienda.review.plan.action import PlannedAction
from hacienda.review.plan.reader import Plan, read

__all__ = ["Plan", "PlannedAction", "read"]
