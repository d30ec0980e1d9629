"""Reads a bundle on the operator's machine: its bytes, and the effect of changed files on running daemons."""

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

_RERUN = "Write it again (`hacienda synth`), then plan again."


@dataclass(frozen=True)
class Effects:
    """Actions that daemons need after a change.

    Args:
        files: path -> `restart <service>` or `reload <service>`. Files without an action are left out.
        secrets: name of a secret -> paths of the files that hold it.
        attributes: path -> owner, mode and other attributes in one text, for the paths of `files`.
        reconciled: name of a secret -> services whose reconcile script applies it.
    """

    files: Mapping[str, str]
    secrets: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, str]
    reconciled: Mapping[str, tuple[str, ...]]


def content(path: str, expected: str) -> bytes:
    """The bundle's bytes.

    Raises:
        hacienda.errors.InputError: the bundle is missing, or differs from the planned one.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise errors.InputError(f"{path} cannot be read: {error.strerror}", _RERUN) from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise errors.InputError(f"{path} is not the bundle that was planned", _RERUN)
    return data


def effects(path: str) -> Effects:
    """The actions for changes, from the bundle's manifest.

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
        # Read as a stream, because the manifest is among the first members, and there may be a thousand bundles.
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if member.name.removeprefix("./") == "manifest.json":
                    file = archive.extractfile(member)
                    return dict(json.load(file)) if file else {}
    except (OSError, ValueError, tarfile.TarError) as error:
        raise errors.InputError(f"{path} cannot be read: {error}", _RERUN) from error
    raise errors.InputError(f"{path} has no manifest", _RERUN)
