"""Finds in a file's text which secrets and paths it reads on the node, besides the secrets that rendering fills in.

A node holds the secrets of all its services in one folder, and root may read them all. So a script that reads another service's
secret works until that service moves to another node or renames the secret.
"""

from __future__ import annotations

import re

_END = r"\s\"'`;|&()<>,"
_FUNCTION = re.compile(rf"(?:^|[(`;|&])[ \t]*secret[ \t]+(?!=)[\"']?([^{_END}]*)", re.MULTILINE)
"""`secret NAME`, the function of hacienda/cloudinit/node/lib.sh."""
_FOLDER = re.compile(rf"(?:/|[\"'])secrets(?![\w.-])([^{_END}]*)")
"""The folder of secrets, in a path or as a word that is part of one."""
_PATH = re.compile(r"/[\w@./-]*[\w@-]")
_UNKNOWN = re.compile(r"[$*?{\[]")
"""The first character of a part of a name that only the running script knows."""


def secret_names(text: str) -> frozenset[str]:
    """Names of secrets, and of folders of secrets, that a text reads. For a name that the script composes, the known folder; empty
    if that is unknown too."""
    found = (match[1].strip("/") for pattern in (_FUNCTION, _FOLDER) for match in pattern.finditer(text))
    return frozenset(_known(name) for name in found)


def _known(name: str) -> str:
    variable = _UNKNOWN.search(name)
    return name[: variable.start()].rpartition("/")[0] if variable else name


def paths(text: str) -> frozenset[str]:
    """Absolute paths in a text."""
    return frozenset(_PATH.findall(text))
