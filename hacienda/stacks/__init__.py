"""Environments as Terraform stacks."""

from hacienda.stacks.environment import Stack, environment_stacks
from hacienda.stacks.synthesis import Synthesis, synthesize

__all__ = ["Stack", "Synthesis", "environment_stacks", "synthesize"]
