"""How clients reach the cloud: the names of the APIs, and the certificate of the public name."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from hacienda.declare.trust import Trust
from hacienda.environment.spec import Spec
from hacienda.environment.values import DomainName, FilePath, refuse


class OwnCertificate(Spec):
    """A certificate that another authority signed, for the public name of the APIs. The files are PEM, on the
    operator's machine. Only the store of secrets keeps the key."""

    chain: Annotated[FilePath | None, Trust("which certificate clients see", file=True)] = None
    """The certificate, followed by its intermediate authorities. Default: the one in the store of secrets, see
    `hacienda secrets certificate`."""
    key: Annotated[FilePath | None, Trust("which key the API uses")] = None
    """Its private key, unencrypted, in a file that only its owner can read. Remove the file once the store holds the
    key."""
    authority: Annotated[FilePath | None, Trust("whose signature clients trust", file=True)] = None
    """Certificates of the authority that clients trust, like a company's CA. Default: an authority that operating
    systems already trust."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.chain is None) != (self.key is None):
            missing = "key" if self.key is None else "chain"
            raise refuse(f"lacks its {missing}", f"Add `{missing}:`, or leave both to the store of secrets.")
        return self


class Api(Spec):
    """How clients call the APIs."""

    internal_name: Annotated[DomainName | None, Trust("where the machines send passwords and tokens")] = None
    """Host name at which the machines of the cloud reach the APIs. Default: `internal.<domain>`."""
    public_name: Annotated[DomainName | None, Trust("where clients send passwords and tokens")] = None
    """Host name at which clients outside the cloud reach the APIs. Default: `public.<domain>`, or the internal name if
    one virtual IP serves both."""
    certificate: OwnCertificate | None = None
    """Certificate for the public name, signed by another CA. Default: the environment's CA signs one."""
