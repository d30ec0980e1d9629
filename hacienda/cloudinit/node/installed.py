"""The installation: its record in /var/lib/hacienda/manifest.json, and the differences of the disk from it."""

from __future__ import annotations

import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hacienda.cloudinit.node import disk, fill, paths


@dataclass(frozen=True)
class Entry:
    """One installed file or folder.

    Args:
        sha256: hash of the text before secrets are filled in.
        digest: keyed digest of the final file, owner and mode included.
        keys: names of the files in a folder of secrets.
    """

    sha256: str
    digest: str
    kind: str
    service: str
    on_change: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """The result of the last installation that finished.

    Args:
        services: their units, in start order.
        inputs: service -> keyed digest of the secrets that its reconcile script applies.
    """

    node: str = ""
    environment: str = ""
    bundle_hash: str = ""
    files: dict[str, Entry] = field(default_factory=dict)
    services: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)


def load() -> Record:
    """The record of the installation; empty before the first one."""
    raw = disk.read_state(paths.MANIFEST)
    if raw is None:
        return Record()
    files = {path: Entry(**{**entry, "keys": tuple(entry["keys"])}) for path, entry in raw["files"].items()}
    services = {name: tuple(units) for name, units in raw["services"]}
    return Record(raw["node"], raw["environment"], raw["bundle_hash"], files, services, raw.get("inputs", {}))


def save(record: Record) -> None:
    """Writes this as the record, with services in start order."""
    raw = asdict(record)
    raw["services"] = [[name, list(units)] for name, units in record.services.items()]
    disk.write_state(paths.MANIFEST, raw)


def secure() -> None:
    """Makes sure that only root can replace the installed files."""
    for path in load().files:
        disk.secure(paths.real(path))


def file_digest(content: bytes, mode: int, uid: int, gid: int) -> str:
    """Digest of a file's content, mode and owner."""
    return fill.digest(content, f"{mode:o} {uid} {gid}".encode())


def directory_digest(mode: int, uid: int, gid: int, parts: dict[str, str]) -> str:
    """Digest of a folder and of the installed files in it."""
    listed = " ".join(f"{name}={part}" for name, part in sorted(parts.items()))
    return fill.digest(b"directory", f"{mode:o} {uid} {gid} {listed}".encode())


def current_digest(path: Path, entry_kind: str, keyed: bool) -> str | None:
    """Digest of the file or folder on disk; None: it is missing, or of another kind."""
    try:
        status = path.lstat()
        mode, uid, gid = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
        if entry_kind != "directory":
            return file_digest(path.read_bytes(), mode, uid, gid) if stat.S_ISREG(status.st_mode) else None
        if not stat.S_ISDIR(status.st_mode):
            return None
        parts = {}
        for child in path.iterdir() if keyed else ():
            parts[child.name] = current_digest(child, "file", keyed=False) or "gone"
        return directory_digest(mode, uid, gid, parts)
    except (FileNotFoundError, NotADirectoryError):
        return None


def comparison(record: Record) -> dict[str, str]:
    """Path -> short hash of the text, `missing`, or `drifted:<8 hex>`."""
    found = {}
    for path, entry in record.files.items():
        current = current_digest(paths.real(path), entry.kind, keyed=bool(entry.keys))
        if current is None:
            found[path] = "missing"
        else:
            found[path] = entry.sha256[:16] if current == entry.digest else f"drifted:{current[:8]}"
    return found
