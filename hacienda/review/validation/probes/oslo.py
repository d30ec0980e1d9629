"""Lets oslo.config read a configuration file with the options that its program has, and no others.

A file in `/etc/nova` or `/etc/nova-compute` is Nova's. Its options are those that Nova's package lists, those of the libraries that
the package requires, and those that Nova registers while it starts: sections of helpers for privileged work, of log-ins at other
services, and of each enabled backend. Options of other projects have no effect there.

oslo-config-validator reports unknown and renamed options, but ignores values of the wrong type and options that are going to be
removed. So this program also reads each value.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

GROUP = "oslo.config.opts"
PROJECTS = ("cinder", "glance", "keystone", "neutron", "nova", "placement")
"""Projects with files of their own. Their packages declare their options."""
LOADED = {
    "cinder": ("cinder.compute.nova", "cinder.privsep", "cinder.service_auth", "os_brick.privileged"),
    "neutron": ("neutron.privileged",),
    "nova": ("nova.privsep", "os_brick.privileged", "vif_plug_ovs.privsep"),
}
"""Modules that a project's programs import, and that register options which no package lists."""
SAMPLES = ("castellan.tests.functional.config", "glance.multi_store", "glance.store")
"""Namespaces for sample files. A program registers their options in sections that its configuration names."""


def project(file: str) -> str:
    """The project that reads a file in a folder of its name, or of its name and a suffix; empty: any may read it."""
    folder = Path(file).parent.name
    return next((name for name in PROJECTS if folder == name or folder.startswith(f"{name}-")), "")


def _same(name: str) -> str:
    """A package's name as packages that require it may spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def libraries(package: str, known: set[str]) -> set[str]:
    """A package and everything that it requires, without extras. `known` is what was found so far."""
    if _same(package) not in known:
        known.add(_same(package))
        with contextlib.suppress(metadata.PackageNotFoundError):
            for wanted in metadata.requires(package) or ():
                if "extra ==" not in wanted and (name := re.match(r"[\w.-]+", wanted)):
                    libraries(name[0], known)
    return known


def register(conf: Any, errors: Any, owner: str) -> list[str]:
    """Register the options that a project's packages list; those of all projects if it is empty.

    Where two of its own options differ, the first counts. A library with an option that differs from the project's is left out:
    the program does not load it.

    Returns:
        The namespaces of these options.
    """
    entries = {entry.name: entry for entry in metadata.entry_points(group=GROUP) if entry.name not in SAMPLES}
    # Packages name options after what they are for: `nova.auth` is Neutron's, which logs in to call Nova.
    of = {name: entry.dist.name for name, entry in entries.items() if entry.dist}
    own = {name for name in entries if not owner or of[name].removeprefix("openstack-") == owner}
    required: set[str] = set()
    for package in {of[name] for name in own}:
        libraries(package, required)
    kept = []
    for name in (*sorted(own), *sorted(name for name in set(entries) - own if _same(of[name]) in required)):
        try:
            for group, option in ((group, option) for group, options in entries[name].load()() for option in options):
                with contextlib.suppress(*((errors.DuplicateOptError,) if name in own else ())):
                    _add(conf, option, str(group))
        except errors.DuplicateOptError:
            continue
        kept.append(name)
    return kept


def _add(conf: Any, option: Any, group: str) -> None:
    # Defaults such as `$state_path/instances` are looked up outside of groups.
    conf.register_opt(option, group=None if group in ("DEFAULT", "None") else group)


def options(conf: Any) -> Iterator[tuple[str, Any]]:
    """Each registered option, with its section."""
    for held in conf._opts.values():
        yield "DEFAULT", held["opt"]
    for name, group in conf._groups.items():
        for held in group._opts.values():
            yield name, held["opt"]


def _copy(conf: Any, errors: Any, found: Iterable[tuple[str, Any]]) -> None:
    """Register options that are not registered yet."""
    for group, option in found:
        with contextlib.suppress(errors.DuplicateOptError):
            _add(conf, option, group)


def start(conf: Any, cfg: Any, owner: str) -> None:
    """Register what the project's programs register while they start, by calling the same functions."""
    for module in LOADED.get(owner, ()):
        importlib.import_module(module)
    _copy(conf, cfg, list(options(cfg.CONF)))
    if owner == "glance":
        stores = importlib.import_module("glance_store.multi_backend")
        stores.register_store_opts(conf, importlib.import_module("glance.common.wsgi_app").RESERVED_STORES)
    if owner == "cinder":
        # A backend's section has the options of all drivers, and its own value of each counts before the shared one.
        shared = [option for group, option in options(conf) if group == "backend_defaults"]
        for backend in conf.enabled_backends or ():
            _copy(conf, cfg, [(backend, option) for option in shared])
    loading = importlib.import_module("keystoneauth1.loading")
    for group in [group for group, option in options(conf) if option.dest == "auth_type"]:
        if way := conf[group].auth_type:
            _copy(conf, cfg, [(group, option) for option in loading.get_auth_plugin_conf_options(way)])


def described(conf: Any) -> str:
    """The registered options as oslo-config-validator reads them."""
    known: dict[str, dict[str, list[dict[str, str]]]] = {}
    former: dict[str, list[dict[str, str]]] = {}
    for group, option in options(conf):
        known.setdefault(group, {"opts": []})["opts"].append({"name": option.name, "dest": option.dest})
    for group, option in options(conf):
        for old in option.deprecated_opts:
            section, name = old.group or group, old.name or option.name
            if not any(name in (one["name"], one["dest"]) for one in known.get(section, {"opts": []})["opts"]):
                former.setdefault(section, []).append({"name": name})
    return json.dumps({"options": known, "deprecated_options": former})


def unknown(conf: Any, file: str) -> bool:
    """Whether oslo-config-validator refuses the file; it prints why. It runs in this process, so that packages load once."""
    validator = importlib.import_module("oslo_config.validator")
    # Sections whose options no package lists completely. Here they are complete.
    validator.KNOWN_BAD_GROUPS.clear()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as data:
        data.write(described(conf))
        data.flush()
        sys.argv = ["oslo-config-validator", "--input-file", file, "--opt-data", data.name, "--fatal-warnings"]
        return bool(validator.main())


def wrong_values(conf: Any, cfg: Any, file: str) -> list[str]:
    """Options of a file that are going to be removed, or whose value has the wrong type."""
    sections: dict[str, Any] = {}
    cfg.ConfigParser(file, sections).parse()
    found = []
    for group, option in options(conf):
        where = f"[{group}] {option.dest}"
        if option.deprecated_for_removal and {option.name, option.dest} & {*sections.get(group, ())}:
            found.append(f"{where}: it is going to be removed: {option.deprecated_reason or 'no reason is given'}")
        try:
            getattr(conf if group == "DEFAULT" else conf[group], option.dest)
        except (cfg.Error, ValueError) as error:
            found.append(f"{where}: {error}")
    return found


def complaints(file: str) -> list[str]:
    """What is wrong with a file, beside what oslo-config-validator prints."""
    cfg = importlib.import_module("oslo_config.cfg")
    conf, owner = cfg.ConfigOpts(), project(file)
    # Before options are registered, so that it does not ask for those that a program requires.
    conf(["--config-file", file], project="validation", default_config_dirs=[])
    register(conf, cfg, owner)
    start(conf, cfg, owner)
    refused = ["oslo-config-validator refuses it"] if unknown(conf, file) else []
    return [*refused, *wrong_values(conf, cfg, file)]


def main(file: str) -> int:
    """Exit code: 1 if the file is refused."""
    try:
        found = complaints(file)
    except Exception as error:  # noqa: BLE001 - a file that is no INI, or has no such backend or way to log in, raises any error
        found = [str(error) or type(error).__name__]
    for complaint in found:
        print(f"{file}: {complaint}")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
