"""What of this machine's settings another one needs to reach the same indexes and mirrors: proxies, certificates, pip's options."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

_NAMES = re.compile(
    r"(https?_proxy|no_proxy|all_proxy|pip_\w+|ssl_cert_file|requests_ca_bundle|curl_ca_bundle)", re.IGNORECASE
)
_OPTION = re.compile(r"(?:global|install)\.(?P<name>[\w-]+)=(?P<value>'.*'|\".*\")")


def pip_variables(listed: str) -> dict[str, str]:
    """What `pip config list` prints, as pip's variables; other commands' own options are left out.

    Args:
        listed: lines such as `global.index-url='https://...'`.
    """
    found = {}
    for line in listed.splitlines():
        if option := _OPTION.fullmatch(line.strip()):
            found[f"PIP_{option['name'].replace('-', '_').upper()}"] = str(ast.literal_eval(option["value"]))
    return found


def handed_on(variables: Mapping[str, str], folder: Path, inside: Path) -> dict[str, str]:
    """The variables that count elsewhere, too. A file that one names is copied, and the copy is named; other paths of this machine
    mean nothing there, so what names one is left out.

    Args:
        variables: this machine's environment.
        folder: where the copies are written.
        inside: the same folder, as the other machine calls it.
    """
    found = {}
    for name, value in variables.items():
        if not _NAMES.fullmatch(name):
            continue
        if not value.startswith("/"):
            found[name] = value
        elif Path(value).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name.lower()).write_bytes(Path(value).read_bytes())
            found[name] = str(inside / name.lower())
    return found
