"""The place of a store, as text for an environment file and a Terraform attribute."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlencode

from hacienda.errors import InputError


@dataclass(frozen=True)
class StoreSpec:
    """A store's back end and place. `str(spec)` and `StoreSpec.parse` are each other's inverse.

    Args:
        kind: `file`: a folder that only its owner can read. `age`: one encrypted file that may be committed.
        path: the folder or the file.
        recipients: public keys that can read an age file, `age1...` or `ssh-ed25519 ...`. Only writing needs them.
    """

    kind: Literal["file", "age"]
    path: Path
    recipients: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> StoreSpec:
        """Read `file:PATH`, `age:PATH?recipient=KEY&recipient=KEY` or a plain path (a folder).

        Raises:
            InputError: the text names no path.
        """
        kind, separator, rest = text.partition(":")
        if not separator or kind not in ("file", "age"):
            kind, rest = "file", text
        place, _, query = rest.partition("?")
        if not place:
            raise InputError(f"{text!r} is not a place for secrets", "Write file:FOLDER or age:FILE.")
        path = Path(unquote(place))
        if kind == "age":
            return cls("age", path, tuple(parse_qs(query).get("recipient", ())))
        return cls("file", path)

    @classmethod
    def of(
        cls, root: Path, environment: str, backend: str, path: str | None = None, recipients: tuple[str, ...] = ()
    ) -> StoreSpec:
        """The store that an environment file describes.

        Args:
            root: the project's folder; relative places are below it.
            environment: name of the environment.
            backend: `file` or `age`.
            path: None: `.hacienda/<environment>/secrets` (file), which git ignores, or `environments/<environment>.secrets`
                (age), which may be committed.
            recipients: public keys of the people who may read an age store.
        """
        kind: Literal["file", "age"] = "age" if backend == "age" else "file"
        default = f"environments/{environment}.secrets" if kind == "age" else f".hacienda/{environment}/secrets"
        return cls(kind, root / Path(path or default).expanduser(), recipients)

    def exists(self) -> bool:
        """Whether the store exists. For example, the checkout of a pull request has none."""
        return self.path.exists()

    def __str__(self) -> str:
        query = urlencode([("recipient", recipient) for recipient in self.recipients])
        return f"{self.kind}:{quote(str(self.path))}{'?' if query else ''}{query}"
