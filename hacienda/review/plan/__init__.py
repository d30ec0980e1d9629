"""Reads a Terraform plan, summarises it, and judges it with the quorum guard."""

from hacienda.review.plan.action import PlannedAction
from hacienda.review.plan.reader import Plan, read

__all__ = ["Plan", "PlannedAction", "read"]
