"""Words that declarations and their readers share. They are types: mypy refuses a misspelt word, and the registry refuses it in a
declaration that mypy never saw."""

from __future__ import annotations

from typing import Literal

Role = Literal["controller", "network", "compute", "storage", "monitoring", "arbiter"]
"""The purpose of a machine."""

Placement = Literal["controller", "network", "compute", "storage", "monitoring", "arbiter", "every"]
"""Machines that a service runs on: those of a role, or `every` machine."""

Choice = Literal["always", "unless declined", "on request"]
"""Whether a cloud has a service: every cloud has it, or the environment file decides. The word names the default of that choice."""

Capability = Literal[
    "backup",
    "block storage",
    "cache",
    "console",
    "coordination",
    "database",
    "hypervisor",
    "identity",
    "image",
    "instance metadata",
    "instance network",
    "instances",
    "load balancer",
    "logical network",
    "message queue",
    "operating system",
    "packet filter",
    "resource inventory",
    "storage cluster",
    "virtual ip",
    "virtual switch",
]
"""What a service offers to others. Templates, rules and estimates name the capability, never the service that offers it. A
capability that no service provides is a system that a cloud may lack (`backup`)."""

Deed = Literal["instance reachable", "volume I/O", "new instance"]
"""What a tenant does in the cloud besides requests to its APIs. Services declare where they stand in its path (`Station`).
`instance reachable`: packets between the external network and an instance that runs. `volume I/O`: an instance reads and writes a
volume. `new instance`: an instance is made and starts."""
