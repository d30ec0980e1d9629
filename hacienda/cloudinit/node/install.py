"""Installs a bundle. Every step survives an interruption and can be repeated. Actions that services need are recorded
before a file changes, and the record of the installation is written last."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hacienda.cloudinit.node import assumptions, disk, fill, installed, manifest, owed, packages, paths, systemd, users
from hacienda.cloudinit.node.failure import BadBundleError, StepError

LOCK_SECONDS = 300
"""Seconds for which an installation waits for another one, because apt may take minutes."""

_ABANDONED_SECONDS = 3600
"""Age in seconds after which a delivery that was not installed is deleted."""


@dataclass
class Work:
    """The findings and actions of one run."""

    manifest: manifest.Manifest
    bundle: Path
    before: installed.Record
    entries: dict[str, installed.Entry] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    units_changed: bool = False


def install(delivery: Path | None) -> None:
    """Installs a delivery, or the last one again.

    Raises:
        BadBundleError: the bundle is invalid; nothing was changed.
        StepError: a step failed; the delivery is kept.
    """
    os.umask(0o077)
    paths.STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    paths.STATE.chmod(0o755)
    with _only_one():
        if delivery is not None:
            _take(delivery)
        if not (paths.CURRENT / "manifest.json").is_file():
            raise BadBundleError("nothing was delivered yet")
        try:
            _install(paths.CURRENT)
        except (StepError, OSError) as error:
            disk.write(paths.ERROR, f"{error}\n".encode(), 0o600)
            raise StepError(str(error)) from error
        paths.ERROR.unlink(missing_ok=True)
        _sweep()


def _install(bundle: Path) -> None:
    found = manifest.read(bundle)
    work = Work(found, bundle, installed.load())
    files = sorted(found.files, key=lambda file: (file.kind != "directory", file.path))
    # apt's own settings come first, because they name the source of the packages.
    for file in filter(_is_of_apt, files):
        _place(work, file)
    new = packages.ensure(found.packages)
    if new:
        _say(f"packages installed: {' '.join(new)}")
    assumptions.require(found.assumptions)
    # Users come before the files that belong to them.
    declarations = [file for file in files if file.path.startswith("/etc/sysusers.d/")]
    for file in declarations:
        _place(work, file)
    users.ensure(paths.real(file.path) for file in declarations)
    for file in files:
        if not _is_of_apt(file) and file not in declarations:
            _place(work, file)
    _note_inputs(work)
    gone_services = _remove_left(work)
    _settle_units(work)
    services = {service.name: service.units for service in found.services}
    record = installed.Record(found.node, found.environment, _hash(bundle), work.entries, services, work.inputs)
    if record != work.before:
        disk.flush(paths.STATE, paths.ROOT / "etc", paths.ROOT / "usr")
        installed.save(record)
    for name in gone_services:
        (paths.DONE / name).unlink(missing_ok=True)
        owed.forget(name)
    # Recorded again: a convergence may have consumed the record before the last file was in place.
    for service, action in work.changed.items():
        owed.add(service, action)
    _start(work)


def _is_of_apt(file: manifest.File) -> bool:
    return file.path.startswith("/etc/apt/")


def _place(work: Work, file: manifest.File) -> None:
    """Makes one file match the manifest. It first records the action that the file's service will need."""
    path = paths.real(file.path)
    disk.secure(path)
    disk.discard(path)
    uid, gid = disk.ids(file.owner, file.group)
    before = work.before.files.get(file.path)
    if file.kind == "directory":
        keyed = {name: text for secret in file.secrets for name, text in fill.keys(secret).items()}
        mode = _folder_mode(file)
        parts = {name: installed.file_digest(text, file.mode, uid, gid) for name, text in keyed.items()}
        wanted = installed.directory_digest(mode, uid, gid, parts)
    else:
        keyed = {}
        content = fill.fill(manifest.content(work.bundle, file))
        wanted = installed.file_digest(content, file.mode, uid, gid)
    work.entries[file.path] = installed.Entry(
        file.sha256, wanted, file.kind, file.service, file.on_change, tuple(sorted(keyed))
    )
    current = installed.current_digest(path, file.kind, keyed=bool(keyed))
    if current == wanted and before is not None and before.digest == wanted:
        return
    _mark_units(work, file)
    _owe(work, file.service, file.on_change)
    if current == wanted:
        return
    if file.kind == "directory":
        _fill_folder(path, file, keyed)
    else:
        disk.write(path, content, file.mode, file.owner, file.group)
    _say(f"{file.path}: {'new' if before is None else 'changed' if before.digest != wanted else 'repaired'}")


def _mark_units(work: Work, file: manifest.File) -> None:
    if file.path.startswith("/etc/systemd/system/"):
        work.units_changed = True


def _owe(work: Work, service: str, on_change: str) -> None:
    if not any(own.name == service for own in work.manifest.services):
        return
    action = owed.action(on_change)
    if owed.stronger(work.changed.get(service, ""), action) != work.changed.get(service):
        work.changed[service] = action
        owed.add(service, action)


def _note_inputs(work: Work) -> None:
    """Records another convergence for services whose reconcile script applies a changed secret, even if no file of
    theirs changes."""
    for service in work.manifest.services:
        if service.inputs:
            parts = (part for name in service.inputs for part in (name.encode(), fill.value(name)))
            work.inputs[service.name] = fill.digest(*parts)
            if work.before.inputs.get(service.name) != work.inputs[service.name]:
                _owe(work, service.name, "none")


def _folder_mode(file: manifest.File) -> int:
    """A plain folder's own mode. A folder of secrets gets the mode that admits the readers of its files."""
    if not file.secrets:
        return file.mode
    return 0o700 | (0o050 if file.mode & 0o040 else 0)


def _fill_folder(path: Path, file: manifest.File, keyed: dict[str, bytes]) -> None:
    disk.make_directory(path, _folder_mode(file), file.owner, file.group)
    # New names come first and changed ones after them, so that a key that moves to another name is never missing.
    # Without the key Keystone would refuse tokens that other nodes sign with it.
    for name in sorted(keyed, key=lambda name: ((path / name).exists(), name)):
        disk.write(path / name, keyed[name], file.mode, file.owner, file.group)
    if keyed:
        for other in path.iterdir():
            if other.name not in keyed and not other.is_dir():
                other.unlink()


def _remove_left(work: Work) -> tuple[str, ...]:
    """Removes files and services that are no longer in the manifest; returns the services."""
    names = {service.name for service in work.manifest.services}
    gone = tuple(name for name in work.before.services if name not in names)
    for name in reversed(gone):
        systemd.stop((f"hacienda-{name}.service", *reversed(work.before.services[name])))
        _say(f"{name}: removed from this node, and stopped")
    for path, entry in sorted(work.before.files.items(), reverse=True):
        if path in work.entries:
            continue
        if entry.service in names:
            action = owed.stronger(work.changed.get(entry.service, ""), owed.action(entry.on_change))
            work.changed[entry.service] = action
            owed.add(entry.service, action)
        _remove(paths.real(path), entry)
        work.units_changed |= path.startswith("/etc/systemd/system/")
        _say(f"{path}: removed")
    return gone


def _remove(path: Path, entry: installed.Entry) -> None:
    if entry.kind != "directory":
        path.unlink(missing_ok=True)
        return
    for name in entry.keys:
        (path / name).unlink(missing_ok=True)
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()


def _settle_units(work: Work) -> None:
    if work.units_changed:
        systemd.reload()
    systemd.keep_disabled(unit for service in work.manifest.services for unit in service.units)
    systemd.enable_target()


def _start(work: Work) -> None:
    """Queues the units that must run, in start order, and does not wait for them."""
    oneshots = {service.oneshot: service.name for service in work.manifest.services}
    states = systemd.states(oneshots)
    pending = owed.everything()
    systemd.start((systemd.TARGET,))
    for unit, name in oneshots.items():
        state = states[unit]
        if state.active == "inactive" and not state.job:
            systemd.start((unit,))
        elif state.failed or name in work.changed or (name in pending and state.done):
            systemd.restart(unit)


@contextmanager
def _only_one() -> Iterator[None]:
    with paths.LOCK.open("w") as stream:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StepError(f"another installation has been running for {LOCK_SECONDS} s") from None
                time.sleep(0.2)
        yield


def _take(delivery: Path) -> None:
    """Makes a delivery the current one. Secrets and cluster record come first; one rename of the bundle comes last."""
    bundle = delivery / "bundle"
    found = manifest.read(bundle)
    before = installed.load()
    if before.node and before.node != found.node:
        raise BadBundleError(f"this is {before.node}, the bundle is for {found.node}")
    fill.check_delivery(delivery, found.secrets)
    fill.receive(delivery)
    cluster = disk.read_state(delivery / "cluster.json")
    if cluster is not None and cluster != disk.read_state(paths.CLUSTER):
        disk.write(paths.CLUSTER, (delivery / "cluster.json").read_bytes(), 0o644)
    digest = hashlib.sha256((delivery / "bundle.tar.gz").read_bytes()).hexdigest()
    target = paths.BUNDLES / digest
    if target.exists():
        shutil.rmtree(target)
    paths.BUNDLES.mkdir(mode=0o700, exist_ok=True)
    bundle.rename(target)
    link = paths.STATE / f".bundle-{digest[:16]}"
    link.unlink(missing_ok=True)
    link.symlink_to(target.relative_to(paths.STATE))
    link.replace(paths.CURRENT)


def _hash(bundle: Path) -> str:
    return bundle.resolve().name


def _sweep() -> None:
    """Removes bundles that are no longer current, and deliveries of dead senders."""
    current = paths.CURRENT.resolve()
    for other in paths.BUNDLES.iterdir():
        if other != current:
            shutil.rmtree(other, ignore_errors=True)
    if paths.INCOMING.is_dir():
        for delivery in paths.INCOMING.iterdir():
            if time.time() - delivery.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(delivery, ignore_errors=True)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
