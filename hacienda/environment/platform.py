"""The platform: where the machines are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hacienda.declare.trust import PLAIN, Trust
from hacienda.environment.spec import Spec
from hacienda.environment.values import FilePath, Name, Word, refuse


class Incus(Spec):
    """System containers on one machine: the lab."""

    type: Annotated[Literal["incus"], Trust("how Hacienda learns the machines' SSH host keys")] = "incus"
    """`incus`."""
    socket: Annotated[FilePath, Trust("which Incus creates the machines and reports their SSH host keys")] = (
        "/var/lib/hacienda-lab/unix.socket"
    )
    """Unix socket of the Incus daemon. The default is the daemon that `make lab` starts."""
    image: Annotated[Word | None, Trust("what runs as root on new machines")] = None
    """Alias of the image that the machines boot. Default: the one that `hacienda lab image` builds."""
    pool: Annotated[Word, PLAIN] = "hacienda"
    """Storage pool."""
    project: Annotated[Name | None, Trust("which instances the SSH host keys come from")] = None
    """Incus project. Default: `hacienda-<name>`."""


class Existing(Spec):
    """Machines that exist already and answer over SSH."""

    type: Annotated[Literal["existing"], Trust("how Hacienda learns the machines' SSH host keys")] = "existing"
    """`existing`."""
    known_hosts: Annotated[FilePath, Trust("which machines get bundles and secrets", file=True)] = "~/.ssh/known_hosts"
    """OpenSSH's known_hosts file with the machines' SSH host keys. An unknown key is never trusted."""
    containers: Annotated[bool, PLAIN] = False
    """Whether the machines are system containers. They use the clock, kernel modules and most kernel settings of their
    host, and their open files are limited."""


def _platform(value: Any) -> Any:
    if isinstance(value, bool | int | float | list):
        raise refuse("is not a platform", "Write `incus` or `existing`, or a mapping with `type`.")
    return {"type": value} if isinstance(value, str) else value


Platform = Annotated[Incus | Existing, BeforeValidator(_platform), Field(discriminator="type")]
"""A platform with its options. A word is short for `{type: word}`."""
