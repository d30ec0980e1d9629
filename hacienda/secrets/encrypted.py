"""The age back end: one encrypted file that may be committed."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyrage
from pyrage import ssh, x25519

from hacienda.errors import InputError, ToolError
from hacienda.secrets.folder import locked_folder

IDENTITY_VARIABLE = "HACIENDA_AGE_IDENTITY"
DEFAULT_IDENTITY = Path("~/.config/hacienda/age.txt")

Identity: TypeAlias = x25519.Identity | ssh.Identity
Recipient: TypeAlias = x25519.Recipient | ssh.Recipient


def identity_path() -> Path:
    """File of the operator's own key: $HACIENDA_AGE_IDENTITY, else ~/.config/hacienda/age.txt."""
    return Path(os.environ.get(IDENTITY_VARIABLE) or DEFAULT_IDENTITY).expanduser()


def load_identities(path: Path) -> list[Identity]:
    """Identities in a file: lines AGE-SECRET-KEY-..., as age-keygen writes them, or an OpenSSH private key.

    Raises:
        InputError: there is no such file, or no identity in it.
    """
    fix = f"Make one with: age-keygen -o {path}   or set {IDENTITY_VARIABLE} to yours."
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the age identity cannot be read: {error.strerror}", fix) from None
    try:
        if content.startswith(b"-----BEGIN"):
            return [ssh.Identity.from_buffer(content)]
        lines = (line.strip() for line in content.decode().splitlines())
        found: list[Identity] = [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (pyrage.IdentityError, UnicodeDecodeError):
        raise InputError(f"{path}: holds a line that is not an age identity", fix) from None
    if not found:
        raise InputError(f"{path}: holds no age identity", fix)
    return found


def parse_recipients(texts: tuple[str, ...]) -> list[Recipient]:
    """Public keys that a store is encrypted to.

    Raises:
        InputError: one is not a public key, or there is none.
    """
    if not texts:
        raise InputError(
            "The encrypted store has no recipients", "Name at least one public key (age1... or ssh-ed25519 ...)."
        )
    found: list[Recipient] = []
    for text in texts:
        try:
            found.append(ssh.Recipient.from_str(text) if text.startswith("ssh-") else x25519.Recipient.from_str(text))
        except pyrage.RecipientError:
            raise InputError(
                f"{text!r} is not a recipient of an age file", "Write a public key: age1... or ssh-ed25519 ..."
            ) from None
    return found


@dataclass(frozen=True)
class Difference:
    """Readers of a store's file, compared with the recipients that an environment names.

    Args:
        stays: public keys that can read the file before and after.
        gains: keys that could read it afterwards only.
        loses: keys that can read the current file, but no later one.
    """

    stays: tuple[str, ...]
    gains: tuple[str, ...]
    loses: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.gains or self.loses)


def _key(recipient: str) -> str:
    """A recipient without the comment of an SSH key: the comment does not change the reader."""
    return " ".join(recipient.split()[:2])


class AgeBackend:
    """Keeps all entries in one file, which is rewritten only when an entry changes. Only `reencrypt` changes the
    recipients, and so who may read every secret."""

    def __init__(self, path: Path, recipients: tuple[str, ...]) -> None:
        self._path = path
        self._recipients = recipients
        self._loaded: dict[str, bytes] | None = None
        self._written_for: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Names of all entries, sorted."""
        return tuple(sorted(name for name in self._entries() if not Path(name).name.startswith(".")))

    def read(self, name: str) -> bytes | None:
        """An entry's content; None: there is no such entry."""
        return self._entries().get(name)

    def write(self, entries: Mapping[str, bytes | None]) -> None:
        """Add or replace entries, or remove those with None, all at once.

        Raises:
            InputError: no identity here could read the result, there are no recipients, or the file has others.
            ToolError: the file system refuses.
        """
        self._refuse_other_recipients()
        merged = {name: content for name, content in {**self._entries(), **entries}.items() if content is not None}
        if merged != self._entries():
            self._seal(merged, self._recipients or self._written_for)

    def difference(self) -> Difference:
        """Readers that the file would gain and lose with the store's recipients.

        Raises:
            InputError: no identity here can read the file.
        """
        self._entries()
        old, new = ({_key(one): one for one in listed} for listed in (self._written_for, self._recipients))
        return Difference(
            stays=tuple(new[key] for key in new if key in old),
            gains=tuple(new[key] for key in new if key not in old),
            loses=tuple(old[key] for key in old if key not in new),
        )

    def reencrypt(self, agreed: Difference) -> None:
        """Encrypt the file to the store's recipients.

        Args:
            agreed: the change that the operator has seen and confirmed.

        Raises:
            InputError: there is no file, no identity here could read the result, or the file has changed since.
            ToolError: the file system refuses.
        """
        with self._held():
            if not self._path.exists():
                raise InputError(f"{self._path}: there is no store to encrypt", "Run: hacienda secrets init ENV")
            if self.difference() != agreed:
                raise InputError(
                    f"{self._path}: another process changed it meanwhile",
                    "Run the command again, and check who gains and who loses access.",
                )
            self._seal(self._entries(), self._recipients)

    def _refuse_other_recipients(self) -> None:
        """Raises InputError if other people could read the new file than the current one."""
        if not self._recipients or not self._path.exists():
            return
        found = self.difference()
        if found:
            said = [
                f"{word} {', '.join(keys)}" for word, keys in (("adds", found.gains), ("drops", found.loses)) if keys
            ]
            raise InputError(
                f"{self._path}: is encrypted to other recipients than the environment names, which {' and '.join(said)}",
                "Nothing was written. To give them access to every secret, or end it: hacienda secrets reencrypt ENV",
            )

    def _seal(self, merged: dict[str, bytes], wanted: tuple[str, ...]) -> None:
        recipients = parse_recipients(wanted)
        plain = json.dumps(
            {
                "recipients": list(wanted),
                "entries": {name: base64.b64encode(merged[name]).decode() for name in sorted(merged)},
            }
        ).encode()
        sealed = pyrage.encrypt(plain, recipients, armored=True)
        if self._decrypt(sealed) != plain:
            raise ToolError(f"{self._path}: the encrypted content does not decrypt to its original")
        self._replace(sealed)
        self._loaded, self._written_for = merged, wanted

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the store against other processes, and read it again.

        Raises:
            InputError: the file has other recipients than the store's spec. No change starts then.
        """
        with self._held():
            self._refuse_other_recipients()
            yield

    @contextmanager
    def _held(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ToolError(f"{self._path.parent}: cannot be created: {error.strerror}") from None
        with locked_folder(self._path.parent):
            self._loaded = None
            yield

    def _entries(self) -> dict[str, bytes]:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def _load(self) -> dict[str, bytes]:
        try:
            sealed = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ToolError(f"{self._path}: cannot be read: {error.strerror}") from None
        try:
            document = json.loads(self._decrypt(sealed))
            self._written_for = tuple(document["recipients"])
            return {name: base64.b64decode(content) for name, content in document["entries"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError(f"{self._path}: decrypts, but is not a store of Hacienda") from None

    def _decrypt(self, sealed: bytes) -> bytes:
        path = identity_path()
        try:
            return bytes(pyrage.decrypt(sealed, load_identities(path)))
        except pyrage.DecryptError:
            raise InputError(
                f"{self._path}: the identity in {path} cannot read it",
                f"Ask a person who can read it to add your public key to the recipients, or set {IDENTITY_VARIABLE}.",
            ) from None

    def _replace(self, sealed: bytes) -> None:
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with temporary.open("wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise ToolError(f"{self._path}: cannot be written: {error.strerror}") from None
