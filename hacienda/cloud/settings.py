"""Settings of a whole resolved cloud: its platform, SSH access, secrets and state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

SUITES: Mapping[str, str] = {"debian-13": "trixie"}
"""Operating system in the environment file -> its name in Debian's archive."""


@dataclass(frozen=True)
class Platform:
    """The platform: where the machines are.

    Args:
        type: `incus` or `existing`.
        containers: whether machines share the host's kernel, and so have no own clock or modules.
        options: the platform's own options from the environment file, already validated.
    """

    type: str
    containers: bool
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PackageSources:
    """Where Debian packages come from: mirrors of the archive and of its security updates, an HTTP proxy. None: the
    machine's own setting."""

    mirror: str | None = None
    security: str | None = None
    proxy: str | None = None


@dataclass(frozen=True)
class Ssh:
    """SSH access to nodes. `keys` are the operators' public keys; synth adds the deployer's own key."""

    user: str
    port: int
    keys: tuple[str, ...]
    jump: str | None = None


@dataclass(frozen=True)
class SecretStore:
    """Where secrets are kept: `backend` is `file` or `age`, `path` a folder (None: the back end's default), `recipients` age
    public keys."""

    backend: str = "file"
    path: str | None = None
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class StateBackend:
    """Where Terraform's state is kept: `local`, `http`, `s3`, `pg` or `consul`, with the back end's own options."""

    backend: str = "local"
    options: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class OwnCertificate:
    """A certificate for the public name that another authority signed, with the paths of the environment file. Without
    paths the store of secrets has the certificate and its key. Without an authority, operating systems trust the one
    that signed."""

    chain: str | None = None
    key: str | None = None
    authority: str | None = None

    bundle_name: ClassVar[str] = "x509/public/bundle.pem"
    """Name of the secret with the certificate, its intermediate authorities, and the key."""
    authority_name: ClassVar[str] = "x509/public/ca.pem"
    """Name in the store of the authority that clients trust; its content is public."""
