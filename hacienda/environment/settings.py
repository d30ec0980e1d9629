"""Settings that apply to the environment as a whole."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from hacienda.declare.trust import Trust
from hacienda.environment.spec import Spec
from hacienda.environment.values import Address, AsList, FilePath, Host, Whole, refuse

_SSH_KEY = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)"
    r" ([A-Za-z0-9+/]+={0,2})(?: [A-Za-z0-9@._+-]+)*"
)
_JUMP = re.compile(r"([a-z_][a-z0-9_-]*@)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_CREDENTIAL = re.compile(
    r"password|secret|token|access_key|conn_str|client_private_key|kms_key_id|http_auth", re.IGNORECASE
)
_OPTION_VALUE = re.compile(r"[A-Za-z0-9._/:@+=,?&%~ -]*")


def _ssh_key(value: Any) -> str:
    match = _SSH_KEY.fullmatch(value) if isinstance(value, str) and len(value) < 4096 else None
    if match is None:
        raise refuse("is not an OpenSSH public key", "Paste one line of ~/.ssh/id_ed25519.pub.")
    try:
        blob = base64.b64decode(match[2], validate=True)
    except binascii.Error as error:
        raise refuse("is a damaged OpenSSH public key", "Paste one line of ~/.ssh/id_ed25519.pub.") from error
    if not blob[4:].startswith(match[1].encode()):
        raise refuse("is a damaged OpenSSH public key", "Paste one line of ~/.ssh/id_ed25519.pub.")
    return match[0]


def _user(value: Any) -> str:
    if not isinstance(value, str) or not _USER.fullmatch(value):
        raise refuse("is not a user name", "Write it like `root` or `debian`.")
    return value


def _jump(value: Any) -> str:
    if not isinstance(value, str) or not _JUMP.fullmatch(value):
        raise refuse("is not a jump host", "Write it like `operator@bastion.example.org:22`.")
    return value


class Availability(Spec):
    """The availability that the cloud must reach."""

    target: Annotated[float, Field(ge=90, lt=100)] = 99.9
    """Percent of the time: 99.9 allows 8.77 hours of downtime a year."""


class Tls(Spec):
    """Certificates from the environment's own CA."""

    leaf_days: Annotated[Whole, Field(ge=7, le=825)] = 90
    """Days for which a certificate is valid. An apply in the last third of its life renews it."""


def _recipient(value: Any) -> str:
    if isinstance(value, str) and value.startswith("ssh-ed25519 "):
        return _ssh_key(value)
    if not isinstance(value, str) or not re.fullmatch(r"age1[02-9ac-hj-np-z]{58}", value):
        fix = "Write the public key that `age-keygen` prints, `age1...`, or an `ssh-ed25519` key."
        raise refuse("is not an age recipient", fix)
    return value


class Secrets(Spec):
    """Where secrets are kept."""

    backend: Annotated[Literal["file", "age"], Trust("where every secret is kept")] = "file"
    """`file`: plain files, mode 0600, never committed. `age`: one encrypted file that may be committed."""
    path: Annotated[FilePath | None, Trust("where every secret is kept", file=True)] = None
    """The folder (`file`) or the encrypted file (`age`). Default: `.hacienda/<name>/secrets` and
    `environments/<name>.secrets.age`."""
    recipients: Annotated[
        tuple[Annotated[str, BeforeValidator(_recipient)], ...], AsList, Trust("who reads every secret")
    ] = ()
    """Public keys of the people who may read an age store."""

    @model_validator(mode="after")
    def _recipients_for_age(self) -> Self:
        if self.backend == "age" and not self.recipients:
            raise refuse("names no reader", "Add `recipients:`, age public keys.")
        if self.backend == "file" and self.recipients:
            raise refuse("has recipients, but is not encrypted", "Use `backend: age`, or remove `recipients`.")
        return self


def _option(value: Any) -> Any:
    if isinstance(value, bool | int):
        return value
    if not isinstance(value, str) or not _OPTION_VALUE.fullmatch(value):
        raise refuse("is not a plain value", "Write a word, a number, true or false.")
    return value


def _option_name(value: Any) -> Any:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", str(value)):
        raise refuse("is not the name of an option", "Name options as Terraform does, like `bucket`.")
    if _CREDENTIAL.search(value):
        fix = "Terraform reads it from environment variables (AWS_SECRET_ACCESS_KEY, PG_CONN_STR, ...)."
        raise refuse("is a credential", f"Remove it. {fix}")
    return value


class State(Spec):
    """Where Terraform keeps its state."""

    backend: Annotated[
        Literal["local", "http", "s3", "pg", "consul"], Trust("who reads and changes Terraform's state")
    ] = "local"
    """`local`: `.hacienda/<name>/state`, on the operator's machine. Otherwise one of Terraform's remote back ends."""
    options: Annotated[
        Mapping[Annotated[str, BeforeValidator(_option_name)], Annotated[str | int | bool, BeforeValidator(_option)]],
        Trust("who reads and changes Terraform's state"),
    ] = Field(default_factory=dict)
    """The back end's options as Terraform names them. Credentials come from environment variables, never from this
    file."""

    @model_validator(mode="after")
    def _options_for_remote(self) -> Self:
        needed = {"http": ("address",), "s3": ("bucket", "region"), "consul": ("path",)}.get(self.backend, ())
        missing = [name for name in needed if name not in self.options]
        if missing:
            raise refuse(f"lacks options that {self.backend} needs", f"Add {', '.join(missing)} to its `options`.")
        if self.backend == "local" and self.options:
            raise refuse("has options, but the local back end takes none", "Remove them, or name the back end.")
        return self


class Time(Spec):
    """Clocks."""

    servers: Annotated[
        tuple[Host, ...],
        AsList,
        Field(max_length=16),
        Trust("whose clock decides which certificates and tokens are valid"),
    ] = (
        "0.debian.pool.ntp.org",
        "1.debian.pool.ntp.org",
        "2.debian.pool.ntp.org",
        "3.debian.pool.ntp.org",
    )
    """Time sources. Four show which of them is wrong."""


class Dns(Spec):
    """Name servers."""

    servers: Annotated[
        tuple[Address, ...], AsList, Field(max_length=3), Trust("who resolves names for the machines")
    ] = ()
    """Addresses of name servers, at most three. Default: those that the machine has."""


class Ssh(Spec):
    """How Hacienda reaches the machines."""

    user: Annotated[str, BeforeValidator(_user), Trust("who becomes root on the machines")] = "root"
    """User that logs in. Any user but root needs sudo without a password."""
    port: Annotated[Whole, Field(ge=1, le=65535), Trust("which server gets bundles and secrets")] = 22
    """Port of the SSH server."""
    keys: Annotated[
        tuple[Annotated[str, BeforeValidator(_ssh_key)], ...],
        AsList,
        Field(max_length=64),
        Trust("whose keys are root on new machines"),
    ] = ()
    """Public keys of the operators. The deployer has its own key beside them."""
    jump: Annotated[
        Annotated[str, BeforeValidator(_jump)] | None, Trust("which host the connections to the machines pass through")
    ] = None
    """Jump host: `[user@]host[:port]`."""
