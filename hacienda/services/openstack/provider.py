"""The provider network: what Neutron and the gateways' switches call it."""

from __future__ import annotations

PHYSICAL_NETWORK = "external"
"""Name of the physical network behind the gateways' bridge. Neutron's networks name it, and each gateway maps it to the bridge."""
