"""Where the machines are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hacienda.declare.trust import PLAIN, Trust
from hacienda.environment.spec import Spec
from hacienda.environment.values import FilePath, Name, Word, refuse


class Incus(Spec):
    """System containers on one machine: the lab."""

    type: Annotated[Literal["incus"], Trust("how the machines' SSH host keys are learnt")] = "incus"
    """`incus`."""
    socket: Annotated[FilePath, Trust("which Incus makes the machines and says their SSH host keys")] = (
        "/var/lib/hacienda-lab/unix.socket"
    )
    """Unix socket of the Incus daemon; the default is the one that `make lab` starts."""
    image: Annotated[Word | None, Trust("what runs as root on new machines")] = None
    """Alias of the image that the machines boot. Default: the one that `hacienda lab image` builds."""
    pool: Annotated[Word, PLAIN] = "hacienda"
    """Storage pool."""
    project: Annotated[Name | None, Trust("whose instances say their SSH host keys")] = None
    """Incus project. Default: `hacienda-<name>`."""


class Existing(Spec):
    """Machines that are already there and answer to SSH."""

    type: Annotated[Literal["existing"], Trust("how the machines' SSH host keys are learnt")] = "existing"
    """`existing`."""
    known_hosts: Annotated[FilePath, Trust("which machines get bundles and secrets", file=True)] = "~/.ssh/known_hosts"
    """File with the machines' SSH host keys, as OpenSSH reads it. Keys are never trusted on first sight."""
    containers: Annotated[bool, PLAIN] = False
    """They are system containers: clock, most kernel settings and modules are their host's, open files are limited."""


def _platform(value: Any) -> Any:
    if isinstance(value, bool | int | float | list):
        raise refuse("is not a platform", "Write `incus` or `existing`, or a mapping with `type`.")
    return {"type": value} if isinstance(value, str) else value


Platform = Annotated[Incus | Existing, BeforeValidator(_platform), Field(discriminator="type")]
"""A platform with its options; a word is short for `{type: word}`."""
