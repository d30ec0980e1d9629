"""Where machines get their Debian packages."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from hacienda.declare.trust import Trust
from hacienda.environment.spec import Spec
from hacienda.environment.values import refuse

_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
_PORT = r"(:[0-9]{1,5})?"
_MIRROR = rf"https?://{_HOST}{_PORT}(/[A-Za-z0-9._~+-]+)*/?"
_PROXY = rf"http://{_HOST}{_PORT}/?"


def _checked(pattern: str, what: str, example: str) -> BeforeValidator:
    def check(value: Any) -> str:
        if isinstance(value, str) and "@" in value:
            fix = "Write it without user and password. Let the proxy identify these machines by their addresses."
            raise refuse("holds a credential", fix)
        if not isinstance(value, str) or len(value) > 200 or not re.fullmatch(pattern, value):
            raise refuse(f"is not {what}", f"Write it like `{example}`.")
        return value.rstrip("/")

    return BeforeValidator(check)


MirrorUrl = Annotated[
    str,
    _checked(_MIRROR, "the address of a mirror", "http://mirror.example.org/debian"),
    Field(json_schema_extra={"pattern": f"^{_MIRROR}$"}),
]
"""An archive of Debian packages over HTTP."""

ProxyUrl = Annotated[
    str,
    _checked(_PROXY, "the address of an HTTP proxy", "http://proxy.example.org:3128"),
    Field(json_schema_extra={"pattern": f"^{_PROXY}$"}),
]
"""An HTTP proxy."""


class Packages(Spec):
    """Where machines, and the image of the lab, get their Debian packages."""

    mirror: Annotated[MirrorUrl | None, Trust("where the machines' software comes from")] = None
    """Mirror of Debian's archive with Debian's signatures, like `http://mirror.example.org/debian`. Machines then use
    no other source. Default: the sources that the machine has."""
    security: Annotated[MirrorUrl | None, Trust("where security updates come from")] = None
    """Mirror of Debian's security updates, like `http://mirror.example.org/debian-security`. Required with `mirror`."""
    proxy: Annotated[ProxyUrl | None, Trust("which proxy the machines' software passes through")] = None
    """HTTP proxy for packages, like `http://proxy.example.org:3128`. Default: the proxy that the machine has."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.mirror is None) != (self.security is None):
            missing, other = ("security", "mirror") if self.security is None else ("mirror", "security")
            raise refuse(
                f"has `{other}`, but no `{missing}`", f"Add `{missing}:`: the machines use no other source then."
            )
        return self
