"""What a file reads on the node by path, past what rendering fills in, found in its text.

A node holds the secrets of all its services in one folder and root may read them all, so a script that names another
service's would work, until that service moves elsewhere or its secret is called otherwise.
"""

from __future__ import annotations

import re

_END = r"\s\"'`;|&()<>,"
_FUNCTION = re.compile(rf"(?:^|[(`;|&])[ \t]*secret[ \t]+(?!=)[\"']?([^{_END}]*)", re.MULTILINE)
"""`secret NAME`, the function of hacienda/cloudinit/node/lib.sh."""
_FOLDER = re.compile(rf"(?:/|[\"'])secrets(?![\w.-])([^{_END}]*)")
"""The folder of secrets in a path, or as a word from which a path is made."""
_PATH = re.compile(r"/[\w@./-]*[\w@-]")
_UNKNOWN = re.compile(r"[$*?{\[]")
"""Where a part of a name begins that only the running script knows."""


def secret_names(text: str) -> frozenset[str]:
    """Names of secrets, and of folders of secrets, that a text reads. A name that is put together while the script runs counts as
    the folder it is in; where that is unknown, too, as the empty text."""
    found = (match[1].strip("/") for pattern in (_FUNCTION, _FOLDER) for match in pattern.finditer(text))
    return frozenset(_known(name) for name in found)


def _known(name: str) -> str:
    variable = _UNKNOWN.search(name)
    return name[: variable.start()].rpartition("/")[0] if variable else name


def paths(text: str) -> frozenset[str]:
    """Absolute paths in a text."""
    return frozenset(_PATH.findall(text))
