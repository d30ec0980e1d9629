"""Reading a bundle on the operator's machine: its bytes, and what a change of its files means for running daemons."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hacienda import errors
from hacienda.declare.effect import attributes, effect

_RERUN = "Write it anew (`hacienda synth`), then plan again."


@dataclass(frozen=True)
class Effects:
    """What daemons need after a change.

    Args:
        files: path -> `restart <service>` or `reload <service>`; files that nobody needs to notice are left out.
        secrets: name of a secret -> paths of the files that hold it.
        attributes: path -> owner, mode and the like in one text, of the same files as `files`.
        reconciled: name of a secret -> services whose reconcile script brings it into force.
    """

    files: Mapping[str, str]
    secrets: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, str]
    reconciled: Mapping[str, tuple[str, ...]]


def content(path: str, expected: str) -> bytes:
    """The bundle's bytes.

    Raises:
        hacienda.errors.InputError: it is not there, or not the one that was planned.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise errors.InputError(f"{path} cannot be read: {error.strerror}", _RERUN) from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise errors.InputError(f"{path} is not the bundle that was planned", _RERUN)
    return data


def effects(path: str) -> Effects:
    """What the bundle's manifest says about changes.

    Raises:
        hacienda.errors.InputError: there is no bundle, or it has no manifest.
    """
    files: dict[str, str] = {}
    secrets: dict[str, list[str]] = {}
    others: dict[str, str] = {}
    reconciled: dict[str, list[str]] = {}
    manifest = _manifest(path)
    for service in manifest.get("services", ()):
        for name in service.get("inputs", ()):
            reconciled.setdefault(name, []).append(service["name"])
    for entry in manifest["files"]:
        asked = effect(entry.get("on_change", "none"), entry["service"])
        if asked:
            files[entry["path"]] = asked
            others[entry["path"]] = " ".join(value for _, value in attributes(entry))
        for name in entry.get("secrets", ()):
            secrets.setdefault(name, []).append(entry["path"])
    return Effects(files, _frozen(secrets), others, _frozen(reconciled))


def _frozen(lists: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(listed) for name, listed in lists.items()}


def _manifest(path: str) -> dict[str, Any]:
    try:
        # Read as a stream: the manifest is among the first members, and there may be a thousand bundles.
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if member.name.removeprefix("./") == "manifest.json":
                    file = archive.extractfile(member)
                    return dict(json.load(file)) if file else {}
    except (OSError, ValueError, tarfile.TarError) as error:
        raise errors.InputError(f"{path} cannot be read: {error}", _RERUN) from error
    raise errors.InputError(f"{path} has no manifest", _RERUN)
