"""The entries that an environment needs: secrets by name and kind, certificates by node and service. No values."""

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
        name: its authority. A slash and a role follow if the node has another leaf of that authority. The node finds it
            as `x509/<name>/cert.pem` and so on.
        names: DNS names of the certificate. The first one is the subject's common name if it fits (64 characters).
        addresses: IP addresses of the certificate, as text.
        usage: permitted uses.
    """

    node: str
    name: str
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    usage: Usage = "peer"

    @property
    def entry(self) -> str:
        """Name of the leaf in the store. Certificate and key are one entry, so that they change together."""
        return f"nodes/{self.node}/x509/{self.name}/bundle.pem"

    @property
    def authority(self) -> str:
        """Name of the authority that signs it."""
        return self.name.partition("/")[0]


@dataclass(frozen=True)
class Needs:
    """All entries that an environment needs from its store.

    Args:
        environment: its name, which is part of the authorities' names.
        secrets: shared secrets.
        leaves: certificates.
        certificate_days: days for which a new leaf is valid. A leaf is renewed in the last third of this time.
        provided: certificates that other authorities signed.
        keys: repository of fernet keys -> number of keys after a rotation, staged and primary included.
    """

    environment: str
    secrets: tuple[Secret, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    certificate_days: int = 365
    keys: Mapping[str, int] = field(default_factory=dict)
    provided: tuple[Provided, ...] = ()
