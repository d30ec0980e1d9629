"""Rendered files: their text before secrets are filled in."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from hacienda.cloudinit import reads
from hacienda.declare import Action

Kind = Literal["file", "secret", "directory"]

_PLACEHOLDER = re.compile(r"@\{secret:([^}]*)\}@")


@dataclass(frozen=True)
class RenderedFile:
    """One file, folder or secret on a node, before secrets are filled in.

    Args:
        path: absolute path on the node.
        text: the content, with placeholders; empty for a folder that holds no secret.
        checker: name of the program that reads the file and can refuse it offline.
        service: the file's service; `hacienda` for the node programs.
        kind: `file`; `secret`: one secret and nothing else; `directory`: a folder, with one file for each key if it names a secret.
        mode: permissions; for a folder of secrets, of its files.
        on_change: what running daemons need after a change.
    """

    path: str
    text: str
    checker: str
    service: str
    kind: Kind = "file"
    owner: str = "root"
    group: str = "root"
    mode: int = 0o644
    on_change: Action = "none"

    @cached_property
    def content(self) -> bytes:
        """The text as UTF-8."""
        return self.text.encode()

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the text."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Names of the secrets that the node fills in, sorted."""
        return tuple(sorted(set(_PLACEHOLDER.findall(self.text))))

    @cached_property
    def secrets_read(self) -> frozenset[str]:
        """Names of secrets, and of folders of secrets, that the file itself reads on the node."""
        return reads.secret_names(self.text)

    @cached_property
    def paths_read(self) -> frozenset[str]:
        """Absolute paths in the text."""
        return reads.paths(self.text)

    @cached_property
    def manifest_entry(self) -> Mapping[str, Any]:
        """The file's entry in the manifest."""
        return {
            "path": self.path,
            "sha256": self.sha256,
            "owner": self.owner,
            "group": self.group,
            "mode": f"{self.mode:04o}",
            "service": self.service,
            "secrets": list(self.secrets),
            "kind": self.kind,
            "on_change": self.on_change,
        }

    @cached_property
    def manifest_line(self) -> str:
        """The manifest entry as one line of JSON. Cached, because most files are the same on many nodes."""
        return json.dumps(self.manifest_entry, sort_keys=True)
