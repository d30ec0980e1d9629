"""Throw-away secrets of the right shape, so that programs read files as nodes will have them. None is ever a real one."""

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
    """A store that is made for one validation and forgotten.

    Args:
        needs: what the environments' own stores hold: which kind each secret is of, and which leaves there are.
    """

    def __init__(self, needs: Iterable[secrets.Needs]) -> None:
        listed = tuple(needs)
        shared = {secret.name: secret for one in listed for secret in one.secrets}
        # A certificate of another authority is made up like a service's.
        usages = {leaf.name: leaf.usage for one in listed for leaf in one.leaves}
        usages |= {provided.name: "server" for one in listed for provided in one.provided}
        self._shared, self._usages = tuple(shared[name] for name in sorted(shared)), usages

    @functools.cached_property
    def _values(self) -> Mapping[str, str]:
        # A CA takes a moment, and where all was seen before nobody asks for anything.
        return _minted(self._shared, self._usages)

    def value(self, name: str) -> str:
        """The text of a secret.

        Raises:
            KeyError: no environment declares it.
        """
        return self._values[name]

    def filled(self, text: str) -> str:
        """A file's text with every placeholder replaced."""
        return _PLACEHOLDER.sub(lambda match: self.value(match[1]), text)

    def keys(self, text: str) -> Mapping[str, str]:
        """File name -> content of a folder of keys, from the text that names its secret."""
        found: dict[str, str] = json.loads(self.filled(text))
        return found


def _minted(shared: tuple[Secret, ...], usages: Mapping[str, Usage]) -> Mapping[str, str]:
    """Every secret's text by the name files call it. One leaf of each name does for all nodes."""
    served = (f"{_NODE}.validation.invalid", _NODE)
    leaves = tuple(secrets.Leaf(_NODE, name, served, ("127.0.0.1",), usage) for name, usage in sorted(usages.items()))
    parts = [f"x509/{name}/{part}.pem" for name in usages for part in ("ca", "cert", "key", "bundle")]
    with tempfile.TemporaryDirectory() as folder:
        store = secrets.open_store(secrets.StoreSpec("file", Path(folder) / "secrets"))
        secrets.mint(store, secrets.Needs("validation", shared, leaves))
        read = functools.partial(store.get, node=_NODE)
        # Each may be the password of a user whose name is derived from it.
        names = [name for secret in shared for name in (secret.name, secret.name + USER)]
        return {name: read(name).decode() for name in [*names, *parts]}
