"""What an environment needs: secrets by name and kind, certificates by node and service. No values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hacienda.declare import Secret, Usage
from hacienda.secrets.provided import Provided


@dataclass(frozen=True)
class Leaf:
    """A certificate for one purpose on one node.

    Args:
        node: node name.
        name: its authority, and after a slash its role where there is another leaf of that authority on the node; the node finds it
            as `x509/<name>/cert.pem` and so on.
        names: DNS names that it serves as, the first one is the subject's common name where it fits (64 characters).
        addresses: IP addresses that it serves as, as text.
        usage: what it is good for.
    """

    node: str
    name: str
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    usage: Usage = "peer"

    @property
    def entry(self) -> str:
        """Name of the leaf in the store: certificate and key in one entry, so that they can only change together."""
        return f"nodes/{self.node}/x509/{self.name}/bundle.pem"

    @property
    def authority(self) -> str:
        """Name of the authority that signs it."""
        return self.name.partition("/")[0]


@dataclass(frozen=True)
class Needs:
    """Everything an environment needs from its store.

    Args:
        environment: its name; the authorities carry it.
        secrets: shared secrets.
        leaves: certificates.
        certificate_days: life of a new leaf; a leaf is renewed when less than a third of its life is left.
        provided: certificates that other authorities signed.
        keys: repository of fernet keys -> how many stay in it after a rotation, staged and primary among them.
    """

    environment: str
    secrets: tuple[Secret, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    certificate_days: int = 365
    keys: Mapping[str, int] = field(default_factory=dict)
    provided: tuple[Provided, ...] = ()
