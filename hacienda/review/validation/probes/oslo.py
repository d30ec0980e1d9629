"""Lets oslo.config read a configuration file with the options of its project and of the installed libraries.

A file in `/etc/nova` or `/etc/nova-compute` is Nova's. Options of other projects are left out: they have no effect there, and two
projects may declare one option in different ways. oslo-config-validator reports unknown options, but ignores values of the wrong
type. So this program also reads each value.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

GROUP = "oslo.config.opts"
PROJECTS = ("cinder", "glance", "keystone", "neutron", "nova", "placement")
"""Projects with files of their own. Their packages declare their options; options of all other packages are libraries'."""
UNLISTED = (
    "nova_sys_admin",
    "os_glance_staging_store",
    "os_glance_tasks_store",
    "privsep_link",
    "privsep_namespace",
    "privsep_osbrick",
    "vif_plug_ovs_privileged",
)
"""Sections that a program reserves while it starts; packages declare none of their options."""


def project(file: str) -> str:
    """The project that reads a file in a folder of its name, or of its name and a suffix; empty: any may read it."""
    folder = Path(file).parent.name
    return next((name for name in PROJECTS if folder == name or folder.startswith(f"{name}-")), "")


def register(conf: Any, errors: Any, owner: str) -> list[str]:
    """Register the options that a project can have; those of all projects if it is empty.

    Where two of its own options differ, the first counts. A library with an option that differs from the project's is left out:
    the program does not load it.

    Returns:
        The namespaces of these options.
    """
    entries = {entry.name: entry for entry in metadata.entry_points(group=GROUP)}
    # Packages name options after what they are for: `nova.auth` is Neutron's, which logs in to call Nova.
    of = {name: entry.dist.name.removeprefix("openstack-") for name, entry in entries.items() if entry.dist}
    own = {name for name in entries if not owner or of[name] == owner}
    shared = {name for name in entries if of[name] not in PROJECTS}
    kept = []
    for name in (*sorted(own), *sorted(shared - own)):
        try:
            for group, option in ((group, option) for group, options in entries[name].load()() for option in options):
                with contextlib.suppress(*((errors.DuplicateOptError,) if name in own else ())):
                    # Defaults such as `$state_path/instances` are looked up outside of groups.
                    conf.register_opt(option, group=None if str(group) == "DEFAULT" else group)
        except errors.DuplicateOptError:
            continue
        kept.append(name)
    return kept


def wrong_values(file: str) -> list[str]:
    """Options whose value has the wrong type."""
    cfg = importlib.import_module("oslo_config.cfg")
    conf = cfg.ConfigOpts()
    try:
        conf(["--config-file", file], project="validation", default_config_dirs=[])
    except cfg.Error as error:
        return [str(error)]
    register(conf, cfg, project(file))
    found = []
    for group in (None, *conf._groups):
        values = conf if group is None else conf[group]
        for name in values:
            try:
                getattr(values, name)
            except (cfg.Error, ValueError) as error:
                found.append(f"[{group or 'DEFAULT'}] {name}: {error}")
    return found


def refused(file: str) -> bool:
    """Whether oslo-config-validator refuses the file; it prints why. It runs in this process, so that packages load once."""
    cfg = importlib.import_module("oslo_config.cfg")
    known = register(cfg.ConfigOpts(), cfg, project(file))
    names = [part for name in known for part in ("--namespace", name)]
    passed_over = [part for name in UNLISTED for part in ("--exclude-group", name)]
    sys.argv = ["oslo-config-validator", "--input-file", file, "--fatal-warnings", *passed_over, *names]
    return bool(importlib.import_module("oslo_config.validator").main())


def main(file: str) -> int:
    """Exit code: 1 if the file is refused."""
    try:
        unknown = refused(file)
    except Exception as error:  # noqa: BLE001 - a file that is no INI raises any error of its reader
        print(f"{file}: {error}")  # noqa: T201
        return 1
    wrong = wrong_values(file)
    for complaint in wrong:
        print(f"{file}: {complaint}")  # noqa: T201
    return 1 if unknown or wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
