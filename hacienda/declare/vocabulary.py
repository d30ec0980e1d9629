"""Words that declarations and those who read them must agree on. They are types, so that mypy refuses a misspelt one, and a
registry refuses it in a declaration that mypy never saw."""

from __future__ import annotations

from typing import Literal

Role = Literal["controller", "network", "compute", "storage", "monitoring", "arbiter"]
"""What a machine is for."""

Placement = Literal["controller", "network", "compute", "storage", "monitoring", "arbiter", "every"]
"""Machines that a service runs on: those of a role, or all."""

Choice = Literal["always", "unless declined", "on request"]
"""Whether a cloud has a service: every one does, or its environment file decides, and what counts where that says nothing."""

Capability = Literal[
    "backup",
    "block storage",
    "cache",
    "coordination",
    "database",
    "identity",
    "image",
    "instance network",
    "load balancer",
    "message queue",
    "operating system",
    "packet filter",
    "resource inventory",
    "virtual ip",
]
"""What a service offers to others. Templates, rules and estimates ask for it, never for the service that happens to offer it;
what nothing here provides is a kind of system that a cloud may lack (`backup`)."""
