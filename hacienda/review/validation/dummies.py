"""Throw-away secrets of the right kind, so that programs read files as nodes will have them. None is a real secret."""

from __future__ import annotations

import functools
import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from hacienda import secrets
from hacienda.declare import Secret, Usage
from hacienda.declare.account import USER

_PLACEHOLDER = re.compile(r"@\{secret:([^}]*)\}@")
_NODE = "node"


class Dummies:
    """A store for one validation; it is deleted afterwards.

    Args:
        needs: secrets and leaf certificates that the environments' own stores hold.
    """

    def __init__(self, needs: Iterable[secrets.Needs]) -> None:
        listed = tuple(needs)
        shared = {secret.name: secret for one in listed for secret in one.secrets}
        # A certificate from another authority gets a dummy like a service's own.
        usages = {leaf.name: leaf.usage for one in listed for leaf in one.leaves}
        usages |= {provided.name: "server" for one in listed for provided in one.provided}
        self._shared, self._usages = tuple(shared[name] for name in sorted(shared)), usages

    @functools.cached_property
    def _values(self) -> Mapping[str, str]:
        # Creating a CA takes a moment, and a validation whose files are all cached needs no values.
        return _minted(self._shared, self._usages)

    def value(self, name: str) -> str:
        """The text of a secret.

        Raises:
            KeyError: no environment declares it.
        """
        return self._values[name]

    def filled(self, text: str) -> str:
        """A file's text with a value for every placeholder."""
        return _PLACEHOLDER.sub(lambda match: self.value(match[1]), text)

    def keys(self, text: str) -> Mapping[str, str]:
        """File name -> content of a folder of keys, from the rendered text that names its secret."""
        found: dict[str, str] = json.loads(self.filled(text))
        return found


def _minted(shared: tuple[Secret, ...], usages: Mapping[str, Usage]) -> Mapping[str, str]:
    """Name of each secret in files -> its text. One leaf of each name serves all nodes."""
    served = (f"{_NODE}.validation.invalid", _NODE)
    leaves = tuple(secrets.Leaf(_NODE, name, served, ("127.0.0.1",), usage) for name, usage in sorted(usages.items()))
    parts = [f"x509/{name}/{part}.pem" for name in usages for part in ("ca", "cert", "key", "bundle")]
    with tempfile.TemporaryDirectory() as folder:
        store = secrets.open_store(secrets.StoreSpec("file", Path(folder) / "secrets"))
        secrets.mint(store, secrets.Needs("validation", shared, leaves))
        read = functools.partial(store.get, node=_NODE)
        # A secret may be a user's password. Files then find the user's name under a derived name.
        names = [name for secret in shared for name in (secret.name, secret.name + USER)]
        return {name: read(name).decode() for name in [*names, *parts]}
