"""The probe of oslo.config's files: whose options a file may have. The lab runs it on every rendered file."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
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
    entry("cinder", "cinder", DEFAULT=[("enabled_backends", "list")]),
    entry("glance.api", "glance", DEFAULT=[("enabled_backends", "dict"), ("backlog", "int")]),
    entry("glance.store", "glance_store", glance_store=[("default_backend", "str")]),
    entry("neutron", "neutron", DEFAULT=[("host", "str")]),
    entry("nova.auth", "neutron", nova=[("auth_url", "str")]),
    entry("nova.conf", "nova", DEFAULT=[("host", "str")]),
    entry("placement.conf", "openstack-placement", api=[("auth_strategy", "str")]),
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


@pytest.mark.parametrize(
    ("project", "namespaces"),
    [
        # Two projects' options of one name do not meet; a library's that contradicts the project's own is left out.
        ("glance", ["glance.api", "glance.store", "oslo.log"]),
        ("cinder", ["cinder", "glance.store", "oslo.log", "oslo.service.wsgi"]),
        # A package names options after the project that they are for: how Neutron logs in to call Nova.
        ("neutron", ["neutron", "nova.auth", "glance.store", "oslo.log", "oslo.service.wsgi"]),
        ("nova", ["nova.conf", "glance.store", "oslo.log", "oslo.service.wsgi"]),
        ("placement", ["placement.conf", "glance.store", "oslo.log", "oslo.service.wsgi"]),
    ],
)
def test_options_of_other_projects_are_left_out(
    project: str, namespaces: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oslo.metadata, "entry_points", lambda group: INSTALLED)
    conf = Conf()
    assert oslo.register(conf, SimpleNamespace(DuplicateOptError=DuplicateOptError), project) == namespaces
    assert conf.options[None, "use_stderr"] == "bool"


def test_a_file_of_no_project_may_have_any_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oslo.metadata, "entry_points", lambda group: INSTALLED)
    found = oslo.register(Conf(), SimpleNamespace(DuplicateOptError=DuplicateOptError), "")
    assert found == sorted(one.name for one in INSTALLED)
