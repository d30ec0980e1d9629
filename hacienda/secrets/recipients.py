"""Who may read an encrypted store: the recipients of its file, those of the environment, and the step between them."""

from __future__ import annotations

from hacienda.errors import InputError
from hacienda.secrets.encrypted import AgeBackend, Difference
from hacienda.secrets.spec import StoreSpec


def difference(spec: StoreSpec) -> Difference:
    """Readers that a store gains and loses if it is encrypted to the recipients of its spec.

    Raises:
        InputError: the store is not encrypted, does not exist, or cannot be read with this machine's identity.
    """
    if spec.kind != "age":
        raise InputError(
            f"{spec.path}: is a folder that only its owner can read. It has no recipients",
            "Add `secrets: {backend: age, recipients: [...]}` to the environment's file for an encrypted store.",
        )
    if not spec.exists():
        raise InputError(f"{spec.path}: there is no store to encrypt", "Run: hacienda secrets init ENV")
    return AgeBackend(spec.path, spec.recipients).difference()


def reencrypt(spec: StoreSpec, agreed: Difference) -> None:
    """Encrypt a store to the recipients of its spec.

    Args:
        spec: the store, with its new recipients.
        agreed: the result of `difference` that the operator confirmed.

    Raises:
        InputError: the store has changed since, or this machine's identity could not read the result.
        ToolError: the file cannot be written.
    """
    AgeBackend(spec.path, spec.recipients).reencrypt(agreed)
