"""What an environment needs: secrets by name and kind, certificates by node and service. No values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hacienda.declare import Secret
from hacienda.secrets.provided import Provided


@dataclass(frozen=True)
class Leaf:
    """A certificate of one service on one node, signed by the environment's CA, for TLS servers and clients alike.

    Args:
        node: node name.
        service: service name; the node finds the leaf as `x509/<service>/cert.pem` and so on.
        names: DNS names, the first one is the subject's common name where it fits (64 characters).
        addresses: IP addresses, as text.
    """

    node: str
    service: str
    names: tuple[str, ...]
    addresses: tuple[str, ...] = ()

    @property
    def entry(self) -> str:
        """Name of the leaf in the store: certificate and key in one entry, so that they can only change together."""
        return f"nodes/{self.node}/x509/{self.service}/bundle.pem"


@dataclass(frozen=True)
class Needs:
    """Everything an environment needs from its store.

    Args:
        environment: its name; the CA carries it.
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
