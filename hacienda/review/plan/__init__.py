"""A Terraform plan, read, summed up, and judged by the quorum guard."""

from hacienda.review.plan.reader import Plan, PlannedAction, read

__all__ = ["Plan", "PlannedAction", "read"]
