"""The entrance of the cloud as its clients see it: names of the APIs, and whose certificate answers to the public one."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from hacienda.declare.trust import Trust
from hacienda.environment.spec import Spec
from hacienda.environment.values import DomainName, FilePath, refuse


class OwnCertificate(Spec):
    """A certificate that another authority signed, for the public name of the APIs. The files are PEM and on the operator's
    machine; the key is kept in the store of secrets and nowhere else."""

    chain: Annotated[FilePath | None, Trust("which certificate clients are shown", file=True)] = None
    """The certificate, followed by those of the authorities between it and its root. Default: the store of secrets has it, see
    `hacienda secrets certificate`."""
    key: Annotated[FilePath | None, Trust("with which key the API answers")] = None
    """Its private key, not encrypted and readable by its owner alone. It may be removed once it is in the store."""
    authority: Annotated[FilePath | None, Trust("whose signature clients trust", file=True)] = None
    """Certificates of the authority that clients trust: a company's CA. Default: one that operating systems trust already."""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.chain is None) != (self.key is None):
            missing = "key" if self.key is None else "chain"
            raise refuse(f"lacks its {missing}", f"Add `{missing}:`, or leave both to the store of secrets.")
        return self


class Api(Spec):
    """How clients call the APIs."""

    internal_name: Annotated[DomainName | None, Trust("where the machines send passwords and tokens")] = None
    """Host name at which the machines themselves reach the APIs. Default: `internal.<domain>`."""
    public_name: Annotated[DomainName | None, Trust("where clients send passwords and tokens")] = None
    """Host name at which clients outside reach the APIs. Default: `public.<domain>`, or the internal one where one virtual IP
    serves both."""
    certificate: OwnCertificate | None = None
    """Certificate for the public name, of one's own or of a company's CA. Default: the environment's CA signs one."""
