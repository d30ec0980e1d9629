"""The node's programs as they are shipped."""

from __future__ import annotations

import ast
import sys

import pytest

from hacienda.cloudinit import programs
from tests.cloudinit import sample


@pytest.mark.parametrize("name", sorted(programs.modules()))
def test_node_modules_import_the_standard_library_and_one_another(name: str) -> None:
    for statement in ast.walk(ast.parse(programs.modules()[name])):
        names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
        if isinstance(statement, ast.ImportFrom):
            names = [statement.module or ""]
        for imported in names:
            top = imported.split(".")[0]
            assert top in sys.stdlib_module_names or imported.startswith("hacienda.cloudinit.node")


def test_services_are_rendered_with_what_runs_them() -> None:
    paths = {file.path: file for file in sample.render("cmp-1").files}
    for name in ("apply", "converge", "verify", "leave", "cluster"):
        assert paths[f"/usr/lib/hacienda/hacienda-{name}"].mode == 0o755
    assert paths["/usr/lib/hacienda/lib.sh"].mode == 0o644
