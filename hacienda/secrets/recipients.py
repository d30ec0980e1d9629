"""Who may read an encrypted store: what its file says, what the environment says, and the step from the one to the other."""

from __future__ import annotations

from hacienda.errors import InputError
from hacienda.secrets.encrypted import AgeBackend, Difference
from hacienda.secrets.spec import StoreSpec


def difference(spec: StoreSpec) -> Difference:
    """Who gains and who loses if a store is encrypted to the recipients of its spec.

    Raises:
        InputError: the store is not encrypted, is not there, or cannot be read with the present identity.
    """
    if spec.kind != "age":
        raise InputError(
            f"{spec.path}: is a folder that its owner alone can read, and has no recipients",
            "Add `secrets: {backend: age, recipients: [...]}` to the environment's file for an encrypted store.",
        )
    if not spec.exists():
        raise InputError(f"{spec.path}: there is no store to encrypt", "Run: hacienda secrets init ENV")
    return AgeBackend(spec.path, spec.recipients).difference()


def reencrypt(spec: StoreSpec, agreed: Difference) -> None:
    """Encrypt a store to the recipients of its spec.

    Args:
        spec: the store, with the recipients that it is to have.
        agreed: what `difference` said, and the operator agreed to.

    Raises:
        InputError: the store is no longer what was shown, or the present identity could not read the result.
        ToolError: the file cannot be written.
    """
    AgeBackend(spec.path, spec.recipients).reencrypt(agreed)
