"""The probe of oslo.config's files: whose options a file may have. The lab runs it on every rendered file."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hacienda.review import validation

PATH = Path(validation.__file__).parent / "probes/oslo.py"
SPEC = importlib.util.spec_from_file_location("oslo_probe", PATH)
assert SPEC is not None
assert SPEC.loader is not None
oslo = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(oslo)


class DuplicateOptError(Exception):
    """As oslo.config's."""


class Conf:
    """Refuses an option that is registered with another type, as oslo.config does."""

    def __init__(self) -> None:
        self.options: dict[tuple[str | None, str], str] = {}

    def register_opt(self, option: tuple[str, str], group: str | None) -> None:
        name, kind = option
        if self.options.setdefault((group, name), kind) != kind:
            raise DuplicateOptError


def entry(name: str, package: str, **groups: list[tuple[str, str]]) -> Any:
    def listed() -> list[tuple[str, list[tuple[str, str]]]]:
        return list(groups.items())

    def load() -> Callable[[], list[tuple[str, list[tuple[str, str]]]]]:
        return listed

    return SimpleNamespace(name=name, load=load, dist=SimpleNamespace(name=package))


INSTALLED = (
    entry("castellan.tests.functional.config", "castellan", barbican=[("no_such", "str")]),
    entry("cinder", "cinder", DEFAULT=[("enabled_backends", "list")]),
    entry("glance.api", "glance", DEFAULT=[("enabled_backends", "dict"), ("backlog", "int")]),
    entry("glance.multi_store", "glance_store", cinder=[("volume_type", "str")]),
    entry("glance.store", "glance_store", glance_store=[("default_backend", "str")]),
    entry("neutron", "neutron", DEFAULT=[("host", "str")]),
    entry("nova.auth", "neutron", nova=[("auth_url", "str")]),
    entry("nova.conf", "nova", DEFAULT=[("host", "str")]),
    entry("placement.conf", "openstack-placement", api=[("auth_strategy", "str")]),
    entry("os_brick", "os-brick", os_brick=[("lock_path", "str")]),
    entry("oslo.log", "oslo.log", DEFAULT=[("use_stderr", "bool")]),
    entry("oslo.service.wsgi", "oslo.service", DEFAULT=[("backlog", "range")]),
)


@pytest.mark.parametrize(
    ("file", "project"),
    [
        ("/etc/nova/nova.conf", "nova"),
        ("/etc/nova-compute/nova-compute.conf", "nova"),
        ("/etc/novella/novella.conf", ""),
        ("/somewhere/else.conf", ""),
    ],
)
def test_a_file_is_of_the_project_of_its_folder(file: str, project: str) -> None:
    assert oslo.project(file) == project


REQUIRED = {
    "cinder": ["oslo.log>=4.6", "oslo_service>=2.8", "os-brick>=6", 'os-win; extra == "windows"'],
    "glance": ["oslo.log", "oslo.service", "glance-store>=4.9"],
    "nova": ["os-brick"],
    "os-brick": ["oslo.log", "oslo.service", "os_brick"],
    "openstack-placement": ["oslo.log"],
}
"""What packages say that they require. Neutron's says nothing, and some are not installed."""


def requires(package: str) -> list[str] | None:
    if package not in {*REQUIRED, *(one.dist.name for one in INSTALLED)}:
        raise metadata.PackageNotFoundError(package)
    return REQUIRED.get(package)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oslo.metadata, "entry_points", lambda group: INSTALLED)
    monkeypatch.setattr(oslo.metadata, "requires", requires)


@pytest.mark.parametrize(
    ("project", "namespaces"),
    [
        # Two projects' options of one name do not meet; a library's that contradicts the project's own is left out.
        ("glance", ["glance.api", "oslo.log"]),
        ("cinder", ["cinder", "os_brick", "oslo.log", "oslo.service.wsgi"]),
        # A package names options after the project that they are for: how Neutron logs in to call Nova.
        ("neutron", ["neutron", "nova.auth"]),
        # What a library requires, its user has too.
        ("nova", ["nova.conf", "os_brick", "oslo.log", "oslo.service.wsgi"]),
        ("placement", ["placement.conf", "oslo.log"]),
    ],
)
def test_a_file_has_the_options_of_its_project_and_of_the_libraries_that_it_requires(
    project: str, namespaces: list[str]
) -> None:
    conf = Conf()
    assert oslo.register(conf, SimpleNamespace(DuplicateOptError=DuplicateOptError), project) == namespaces
    assert ((None, "use_stderr") in conf.options) is ("oslo.log" in namespaces)


def test_a_file_of_no_project_may_have_any_option_that_a_program_reads() -> None:
    found = oslo.register(Conf(), SimpleNamespace(DuplicateOptError=DuplicateOptError), "")
    assert found == sorted(one.name for one in INSTALLED if one.name not in oslo.SAMPLES)


def option(name: str, *old: tuple[str | None, str | None]) -> dict[str, Any]:
    former = [SimpleNamespace(group=group, name=before) for group, before in old]
    return {"opt": SimpleNamespace(name=name, dest=name.replace("-", "_"), deprecated_opts=former)}


def test_the_validator_gets_every_option_and_the_names_that_it_had() -> None:
    conf = SimpleNamespace(
        _opts={"state_path": option("state-path")},
        _groups={
            "glance": SimpleNamespace(_opts={"region": option("region", (None, "os_region"), ("DEFAULT", None))}),
            # Another project's option once had a name that is in use here.
            "cinder": SimpleNamespace(_opts={"place": option("place", ("glance", "region"))}),
        },
    )
    described = json.loads(oslo.described(conf))
    assert described["options"] == {
        "DEFAULT": {"opts": [{"name": "state-path", "dest": "state_path"}]},
        "glance": {"opts": [{"name": "region", "dest": "region"}]},
        "cinder": {"opts": [{"name": "place", "dest": "place"}]},
    }
    assert described["deprecated_options"] == {"glance": [{"name": "os_region"}], "DEFAULT": [{"name": "region"}]}
