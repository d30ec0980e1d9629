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
            fix = "Name it without user and password; a proxy of the site's own needs neither from these machines."
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

    mirror: Annotated[MirrorUrl | None, Trust("whence the machines' software comes")] = None
    """Mirror of Debian's archive, like `http://mirror.example.org/debian`, signed by Debian as the archive is. Machines then use
    nothing else. Default: the sources that the machine has."""
    security: Annotated[MirrorUrl | None, Trust("whence security updates come")] = None
    """Mirror of Debian's security updates, like `http://mirror.example.org/debian-security`. Needed with `mirror`."""
    proxy: Annotated[ProxyUrl | None, Trust("through whose hands the machines' software goes")] = None
    """HTTP proxy through which packages are fetched, like `http://proxy.example.org:3128`. Default: what the machine has."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.mirror is None) != (self.security is None):
            missing, other = ("security", "mirror") if self.security is None else ("mirror", "security")
            raise refuse(
                f"has `{other}` and no `{missing}`", f"Add `{missing}:`: with one of them nothing else is used."
            )
        return self
