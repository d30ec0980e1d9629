"""Sandboxes: each unit that a service brings has the whole set of directives, or says what it has instead and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda import cloud, cloudinit, services
from hacienda.declare import DeclarationError, Service, Template
from hacienda.declare.sandbox import DIRECTIVES
from tests import shipped
from tests.services import composed

PATHS = (shipped.ROOT / "environments/lab.yaml", shipped.ROOT / "examples/environments/two-node.yaml")
UNITS = [
    (service, Path(file.path).name)
    for declared in services.registry()
    for service in {id(one): one for one in (declared, declared.on("arbiter"))}.values()
    for file in service.files
    if isinstance(file, Template) and file.path.startswith("/etc/systemd/system/") and file.path.endswith(".service")
]


def units(folder: Path) -> dict[str, str]:
    """Every unit of every service, as three environments have it rendered."""
    found: dict[str, str] = {}
    for resolved in (composed.cloud(folder), *(cloud.read(path, services.registry()) for path in PATHS)):
        for node in resolved.nodes:
            found |= {Path(f.path).name: f.text for f in cloudinit.render(resolved, node, "").files}
    return {name: text for name, text in found.items() if name.endswith(".service")}


@pytest.fixture(name="rendered", scope="module")
def _rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return units(tmp_path_factory.mktemp("composed"))


@pytest.mark.parametrize(("service", "unit"), UNITS, ids=lambda one: one if isinstance(one, str) else "")
def test_every_unit_has_each_directive_or_says_why_not(rendered: dict[str, str], service: Service, unit: str) -> None:
    lines = rendered[unit].splitlines()
    declared = service.sandbox(unit)
    other = {one.directive: one for one in declared.instead}
    for directive, value in DIRECTIVES.items():
        written = [line for line in lines if line.startswith(f"{directive}=")]
        if directive in other:
            value = other[directive].value
            assert len(other[directive].reason.split()) > 1
            assert written == ([f"{directive}={value}"] if value else []), directive
        else:
            assert written == [f"{directive}={value}"], directive


def test_every_sandbox_is_some_units() -> None:
    declared = {sandbox.unit for service in services.registry() for sandbox in service.sandboxes}
    assert declared == {unit for _, unit in UNITS}


def test_a_unit_without_a_sandbox_is_refused() -> None:
    service = next(iter(services.registry()))
    with pytest.raises(DeclarationError, match=r"no sandbox of stray\.service"):
        service.sandbox("stray.service")
