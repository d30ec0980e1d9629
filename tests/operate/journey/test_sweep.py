"""What counts as left behind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hacienda.operate.journey import sweep


def test_a_projects_default_security_group_counts_only_if_its_project_is_gone() -> None:
    """Neutron makes the group when a project first asks for anything, so one appears beside each journey."""

    def group(name: str, project: str) -> Any:
        return SimpleNamespace(name=name, project_id=project)

    groups = [group("default", "here"), group("default", "gone"), group("web", "here")]
    admin: Any = SimpleNamespace(
        identity=SimpleNamespace(projects=lambda: [SimpleNamespace(id="here")]),
        network=SimpleNamespace(security_groups=lambda: groups),
    )
    assert list(sweep._groups(admin)) == groups[1:]
