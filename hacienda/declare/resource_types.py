"""Types of the provider's Terraform resources. They are part of every Terraform address, and only this module defines them."""

from __future__ import annotations

MEMBER = "hacienda_member"
"""A node's configuration."""

GATE = "hacienda_gate"
"""The resource at which an apply waits until nodes are healthy."""

IMAGE = "hacienda_incus_image"
NETWORK = "hacienda_incus_network"
INSTANCE = "hacienda_incus_instance"

MACHINES = (INSTANCE,)
"""Types that are machines, on which members live."""
