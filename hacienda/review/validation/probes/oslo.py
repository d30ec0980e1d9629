"""Lets oslo.config read a configuration file with all options that the installed OpenStack packages declare.

oslo-config-validator reports unknown options, but ignores values of the wrong type. So this program also reads each value.
"""

from __future__ import annotations

import importlib
import sys
from importlib import metadata
from typing import Any

GROUP = "oslo.config.opts"
UNLISTED = ("os_glance_staging_store", "os_glance_tasks_store")
"""Sections that a program reserves while it starts; packages declare none of their options."""


def namespaces() -> list[str]:
    """Names under which packages declare options."""
    return sorted({entry.name for entry in metadata.entry_points(group=GROUP)})


def register(conf: Any, errors: Any) -> None:
    """Register every declared option. If packages declare the same option differently, the first declaration counts."""
    for entry in metadata.entry_points(group=GROUP):
        for group, options in entry.load()():
            for option in options:
                try:
                    conf.register_opt(option, group=group)
                except errors.DuplicateOptError:
                    continue


def wrong_values(file: str) -> list[str]:
    """Options whose value has the wrong type."""
    cfg = importlib.import_module("oslo_config.cfg")
    conf = cfg.ConfigOpts()
    try:
        conf(["--config-file", file], project="validation", default_config_dirs=[])
    except cfg.Error as error:
        return [str(error)]
    register(conf, cfg)
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
    names = [part for name in namespaces() for part in ("--namespace", name)]
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
