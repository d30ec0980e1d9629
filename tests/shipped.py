"""The environments this repository ships, rendered as synthesis renders them."""

from __future__ import annotations

import functools
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hacienda import cloud, cloudinit, secrets, services

ROOT = Path(__file__).parent.parent


def environments() -> tuple[Path, ...]:
    """Every environment file, sorted."""
    found = (path for folder in ("environments", "examples/environments") for path in (ROOT / folder).glob("*.yaml"))
    return tuple(sorted(found))


def typical(file: Path) -> bool:
    """Whether it is one of those that between them have what the others have: containers, servers, two members and an arbiter."""
    return file.stem in ("lab", "production", "two-node")


@functools.cache
def deployer_key() -> str:
    """A deployer's public key, made for this run."""
    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


@functools.cache
def rendered(path: Path) -> tuple[tuple[cloudinit.NodeOutput, ...], secrets.Needs]:
    """All nodes of an environment, and what its store holds."""
    found = cloud.read(path, services.registry())
    return tuple(cloudinit.render(found, node, deployer_key()) for node in found.nodes), cloudinit.needs(found)
