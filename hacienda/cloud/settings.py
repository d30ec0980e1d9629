"""Settings of a resolved cloud as a whole: where its machines are, how they are reached, where its secrets and its state are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

SUITES: Mapping[str, str] = {"debian-13": "trixie"}
"""Operating system in the environment file -> its name in Debian's archive."""


@dataclass(frozen=True)
class Platform:
    """Where the machines are.

    Args:
        type: `incus` or `existing`.
        containers: machines share the host's kernel: no clock, no modules of their own.
        options: the platform's own options, as the environment file gives them (already validated).
    """

    type: str
    containers: bool
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PackageSources:
    """Where Debian packages come from: mirrors of the archive and of its security updates, an HTTP proxy. None: as the machine has
    it."""

    mirror: str | None = None
    security: str | None = None
    proxy: str | None = None


@dataclass(frozen=True)
class Ssh:
    """How nodes are reached. `keys` are the operator's public keys; the deployer's own key is added at synth."""

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
    """A certificate for the public name that another authority signed: paths as the environment file has them. None: the store of
    secrets has the certificate and its key; operating systems trust its authority."""

    chain: str | None = None
    key: str | None = None
    authority: str | None = None

    bundle_name: ClassVar[str] = "x509/public/bundle.pem"
    """Secret with the certificate, those of the authorities above it, and the key."""
    authority_name: ClassVar[str] = "x509/public/ca.pem"
    """Secret (which is none) with the authority that clients trust."""
