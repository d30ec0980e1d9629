"""How open each unit is, by the image's own systemd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda import cloud, cloudinit, lab, services
from hacienda.review import validation
from tests import shipped
from tests.services import composed

LAB = shipped.ROOT / "environments/lab.yaml"
PATHS = (LAB, shipped.ROOT / "examples/environments/two-node.yaml")
ONESHOT = 8.5
"""Units of Hacienda's own scripts are root's: they set addresses, accounts, files and rules, in every service's folders."""


@pytest.fixture(scope="module", name="machine")
def _machine() -> Iterator[validation.Scratch]:
    lab.prepare("lab")
    with validation.Scratch(lab.build(cloud.read(LAB, services.registry()).packages)) as scratch:
        yield scratch


def test_no_unit_is_more_open_than_its_service_says(machine: validation.Scratch, tmp_path: Path) -> None:
    """`systemd-analyze security`, 0 (closed) to 10 (open)."""
    ceilings = {sandbox.unit: sandbox.ceiling for service in services.registry() for sandbox in service.sandboxes}
    rendered: dict[str, str] = {}
    for resolved in (composed.cloud(tmp_path), *(cloud.read(path, services.registry()) for path in PATHS)):
        for node in resolved.nodes:
            files = cloudinit.render(resolved, node, "").files
            rendered |= {Path(file.path).name: file.text for file in files if file.path.endswith(".service")}
    assert ceilings.keys() <= rendered.keys()
    for name, text in rendered.items():
        (tmp_path / name).write_text(text)
        machine.put(tmp_path / name, f"/root/units/{name}")
    said = machine.run(
        "sh", "-c", "cd /root/units; for u in *; do systemd-analyze security --offline=true --no-pager ./$u; done"
    )
    # systemd judges a template by an instance of it.
    levels = re.findall(r"exposure level for (\S+): ([\d.]+)", said.replace("@test_instance.", "@."))
    found = {name: float(level) for name, level in levels}
    print(f"\n{found}")
    assert found.keys() == rendered.keys()
    assert {name: level for name, level in found.items() if level > ceilings.get(name, ONESHOT)} == {}
