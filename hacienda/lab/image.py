"""Builds the machine image once, and keeps it in the lab's daemon under a name derived from its contents."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import subprocess
import tarfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hacienda import errors
from hacienda.lab import apt_sources, command, daemon, host, layout, machine, recipe, steps


def build(
    packages: Sequence[str],
    *,
    lab: layout.Lab | None = None,
    mirror: apt_sources.Mirror | None = None,
    proxy: str | None = None,
    progress: host.Progress = host.quiet,
) -> str:
    """Return the alias of an image with `packages`. Build and import the image if it does not exist.

    A build takes about two minutes and 2.5 GB of temporary space. Only one build runs at a time.

    Args:
        packages: Debian packages over the base (`recipe.BASE_PACKAGES`).
        lab: default: the default lab. Its daemon must run.
        mirror: the Debian archive; default: the one that the machine's own apt uses.
        proxy: HTTP proxy to the archive; default: the one that the machine's own apt uses.
        progress: receives each action.

    Raises:
        errors.ToolError: no daemon, no mirror, or the build failed.
    """
    lab = lab or layout.Lab()
    machine.require_root()
    if not daemon.answers(lab):
        raise errors.ToolError(f"No Incus daemon answers on {lab.socket}.", "Run `hacienda lab up` first.")
    architecture = command.run(("dpkg", "--print-architecture")).strip()
    made = recipe.recipe(packages, architecture)
    if _present(lab, made.alias):
        progress(f"The image {made.alias} is there.")
        return made.alias
    with _only_one(lab, progress):
        if _present(lab, made.alias):
            progress(f"The image {made.alias} is there now.")
            return made.alias
        mirror = mirror or steps.own_mirror(machine.look(lab, ()))
        progress(f"building the image {made.alias} with {len(made.packages)} packages from {mirror.main}")
        _workspace(lab, made, proxy)
        _bootstrap(made, lab.workspace, mirror, progress)
        progress("importing the image")
        rootfs = lab.workspace / "rootfs.tar"
        command.incus(lab, "image", "import", _metadata(lab, made), str(rootfs), f"--alias={made.alias}", seconds=900)
        shutil.rmtree(lab.workspace)
        progress("unpacking the image into the pool")
        _unpack(lab, made)
    return made.alias


@contextmanager
def _only_one(lab: layout.Lab, progress: host.Progress) -> Iterator[None]:
    """Wait until no other build runs. The kernel releases the lock if a builder dies."""
    with (lab.folder / "hacienda" / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting until another build of an image has ended")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _present(lab: layout.Lab, alias: str) -> bool:
    aliases = command.listed(lab, "/1.0/images/aliases?recursion=1")
    return any(entry["name"] == alias for entry in aliases)


def _workspace(lab: layout.Lab, made: recipe.Recipe, proxy: str | None) -> None:
    """A new folder with the input of the build. Files of a killed build are deleted first."""
    shutil.rmtree(lab.workspace, ignore_errors=True)
    (lab.workspace / "tmp").mkdir(parents=True)
    (lab.workspace / "dpkg.cfg").write_text(made.dpkg_options())
    # In a file that only root can read, because a proxy's address may hold a password.
    options = lab.workspace / "apt.conf"
    options.touch(mode=0o600)
    handed_on = apt_sources.handed_on(command.run(("apt-config", "dump")))
    options.write_text(handed_on + apt_sources.through(proxy))
    for name, text in made.scripts().items():
        (lab.workspace / name).write_text(text)
        (lab.workspace / name).chmod(0o755)


def _bootstrap(made: recipe.Recipe, folder: Path, mirror: apt_sources.Mirror, progress: host.Progress) -> None:
    argv = recipe.mmdebstrap_argv(made, folder, mirror.lines(recipe.SUITE), apt_sources.KEYRING)
    last: deque[str] = deque(maxlen=20)
    environment = {
        **os.environ,
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(folder / "tmp"),
    }
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True
        )
    except FileNotFoundError as missing:
        raise errors.ToolError(f"{argv[0]} is not installed.", "Run `hacienda lab up` first.") from missing
    with process:
        for line in process.stdout or ():
            last.append(line.rstrip())
            if line.startswith("I: "):
                progress(f"  {line[3:].strip()}")
    if process.returncode != 0:
        said = "\n  ".join(last)
        raise errors.ToolError(f"Building the image failed with exit code {process.returncode}:", said)


def _metadata(lab: layout.Lab, made: recipe.Recipe) -> str:
    """Write the image's metadata tarball, and return its path."""
    path = lab.workspace / "metadata.tar"
    texts = {"metadata.yaml": made.metadata()} | {f"templates/{name}": text for name, text in made.templates().items()}
    with tarfile.open(path, "w") as archive:
        for name, text in texts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return str(path)


def _unpack(lab: layout.Lab, made: recipe.Recipe) -> None:
    """Unpack the image into the pool now (about 5 s), so that the first machine does not wait for it."""
    name = f"unpack-{made.fingerprint[:12]}"
    command.incus(lab, "init", made.alias, name, seconds=900)
    command.incus(lab, "delete", "--force", name)
