"""Prepares a machine for the lab, and removes the lab from it again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from hacienda import errors
from hacienda.lab import apt_sources, command, daemon, layout, machine, steps

Progress = Callable[[str], None]


def quiet(_: str) -> None:
    """A progress that prints nothing."""


def plan(
    environment: str, *, lab: layout.Lab | None = None, mirror: apt_sources.Mirror | None = None
) -> tuple[steps.Step, ...]:
    """The steps of `prepare` on this machine; `str(step)` describes one. Changes nothing; raises as `prepare`."""
    lab = lab or layout.Lab()
    return steps.plan(environment, lab, machine.look(lab, steps.PACKAGES), mirror)


def prepare(
    environment: str,
    *,
    lab: layout.Lab | None = None,
    mirror: apt_sources.Mirror | None = None,
    progress: Progress = quiet,
) -> layout.Lab:
    """Prepare this machine to run the machines of `environment`: packages, daemon, pool, profile, project.

    Prints every step before the first one starts. Safe to repeat, also after a killed run.

    Args:
        environment: name of the environment.
        lab: place of the lab; default: the default lab.
        mirror: the Debian archive for packages; default: the one that the machine's own apt uses.
        progress: receives each step, first as a plan and then at its start.

    Raises:
        errors.ToolError: not root, an unsupported machine, or a step failed.
    """
    lab = lab or layout.Lab()
    machine.require_root()
    todo = plan(environment, lab=lab, mirror=mirror)
    progress("This will:")
    for step in todo:
        progress(f"  {step}")
    for number, step in enumerate(todo, start=1):
        progress(f"[{number}/{len(todo)}] {step}")
        perform(step)
    return lab


def perform(step: steps.Step) -> None:
    """Do one step. Every step may be repeated.

    Raises:
        errors.ToolError: the step failed.
    """
    match step:
        case steps.WriteFile(path, text):
            Path(path).write_text(text)
        case steps.AppendLine(path, line):
            _append(Path(path), line)
        case steps.RefreshPackages():
            command.run(("apt-get", "update"))
        case steps.Install():
            _install(step)
        case steps.RaiseLimits(limits):
            _raise(limits)
        case steps.Claim(lab):
            _claim(lab)
        case steps.Clear(lab):
            daemon.clear(lab)
        case steps.StartDaemon(lab, systemd):
            daemon.start(lab, systemd=systemd)
        case steps.Initialise(lab):
            _initialise(lab)
        case steps.MakeProject(lab, name):
            _make_project(lab, name)


def teardown(
    environment: str | None = None, *, keep: bool = False, lab: layout.Lab | None = None, progress: Progress = quiet
) -> None:
    """Remove an environment from the lab. Remove the lab itself with its last environment, or if none is named.

    This removes instances, images, networks, project, pool, the daemon and its folder. Packages, apt's sources and the
    subordinate ids stay. Works from any state. Without a lab it does nothing.

    Args:
        environment: name of the environment; None: all of them.
        keep: keep the lab with its images, also if this was its last environment.
        lab: default: the default lab.
        progress: receives each action.

    Raises:
        errors.ToolError: not root, the folder does not belong to a lab, or a part could not be removed.
    """
    lab = lab or layout.Lab()
    machine.require_root()
    if not lab.folder.exists():
        progress(f"There is no lab in {lab.folder}.")
        return
    if not lab.marker.is_file():
        raise errors.ToolError(
            f"{lab.folder} was not made by `hacienda lab up` (it has no {lab.marker.relative_to(lab.folder)}).",
            "Inspect it, and delete it yourself if you do not need it.",
        )
    if environment is not None and daemon.answers(lab):
        _remove_environment(lab, layout.project_name(environment), progress)
        others = [name for name in _projects(lab) if name != "default"]
        if others or keep:
            progress(f"The lab stays, because it holds {', '.join(others)}." if others else "The lab stays.")
            return
    progress(f"stopping the daemon, its instances and its networks in {lab.folder}")
    daemon.clear(lab)
    progress(f"removing {lab.folder}")
    shutil.rmtree(lab.folder)


def _append(path: Path, line: str) -> None:
    text = path.read_text() if path.exists() else ""
    ending = "" if not text or text.endswith("\n") else "\n"
    path.write_text(f"{text}{ending}{line}\n")


def _install(step: steps.Install) -> None:
    release = ("--target-release", step.release) if step.release else ()
    # Ubuntu upgrades itself in the background, and holds the lock meanwhile.
    patience = ("-o", "DPkg::Lock::Timeout=300")
    argv = ("apt-get", "install", "--yes", "--no-install-recommends", *patience, *release, *step.packages)
    policy = Path("/usr/sbin/policy-rc.d")
    if step.hold:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        command.run(argv, env={"DEBIAN_FRONTEND": "noninteractive"}, seconds=1800)
    finally:
        if step.hold:
            policy.unlink()


def _raise(limits: Iterable[tuple[str, int]]) -> None:
    for name, value in limits:
        # In a container of somebody else's, the kernel is not ours to set. Three machines stay below its defaults.
        with suppress(OSError):
            machine.limit(name).write_text(f"{value}\n")


def _claim(lab: layout.Lab) -> None:
    # Same mode as Incus' own: containers' processes can enter the folder, but not list it.
    lab.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    lab.marker.parent.mkdir(exist_ok=True, mode=0o700)
    lab.marker.write_text(json.dumps({"version": 1, "pool": lab.pool}) + "\n")


def _initialise(lab: layout.Lab) -> None:
    if f"/1.0/storage-pools/{lab.pool}" not in command.listed(lab, "/1.0/storage-pools"):
        command.incus(lab, "admin", "init", "--preseed", stdin=steps.preseed(lab))


def _make_project(lab: layout.Lab, name: str) -> None:
    if name not in _projects(lab):
        features = (f"--config={key}={value}" for key, value in steps.PROJECT_FEATURES.items())
        command.incus(lab, "project", "create", name, *features)


def _projects(lab: layout.Lab) -> tuple[str, ...]:
    return tuple(path.rsplit("/", 1)[1] for path in command.listed(lab, "/1.0/projects"))


def _remove_environment(lab: layout.Lab, project: str, progress: Progress) -> None:
    """Remove the project's instances, then the networks that only they used, then the project."""
    if project not in _projects(lab):
        return
    networks = [entry for entry in command.listed(lab, "/1.0/networks?recursion=1") if entry["managed"]]
    used = {entry["name"] for entry in networks if _uses(entry, project)}
    for instance in command.listed(lab, f"/1.0/instances?project={project}"):
        name = instance.rsplit("/", 1)[1].split("?")[0]
        progress(f"removing {name}")
        command.incus(lab, "delete", "--force", "--project", project, name)
    for entry in networks:
        elsewhere = [path for path in entry["used_by"] if path.startswith("/1.0/instances/")]
        if entry["name"] in used and all(path.endswith(f"project={project}") for path in elsewhere):
            progress(f"removing the network {entry['name']}")
            command.incus(lab, "network", "delete", entry["name"])
    progress(f"removing the project {project}")
    command.incus(lab, "project", "delete", project)


def _uses(network: dict[str, list[str]], project: str) -> bool:
    return any(path.endswith(f"project={project}") for path in network["used_by"])
