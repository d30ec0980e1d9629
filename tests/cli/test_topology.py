"""`hacienda topology`: where it draws to, and how."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Project


def test_text_is_the_default(project: Project) -> None:
    assert "◆ 192.0.2.10" in project.run("topology", "small").stdout


@pytest.mark.parametrize(("form", "begin"), [("txt", "╭─ small"), ("svg", "<svg "), ("mermaid", "flowchart TB")])
def test_texts_go_to_a_file_or_to_standard_output(project: Project, form: str, begin: str) -> None:
    printed = project.run("topology", "small", "--format", form).stdout
    assert printed.startswith(begin)
    project.run("topology", "small", "--format", form, "--out", "picture")
    assert (project.root / "picture").read_text().splitlines()[0].startswith(begin)


def test_a_png_goes_to_a_file(project: Project) -> None:
    project.run("topology", "small", "--format", "png", "--out", "picture.png")
    assert (project.root / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_done_is_told(project: Project) -> None:
    assert "gif" in project.run("topology", "small", "--format", "gif", code=2).stderr
    assert "cannot be written" in project.run("topology", "small", "--out", "nowhere/picture", code=3).stderr
