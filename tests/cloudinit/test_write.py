"""Outputs on disk, written to folders that synthesis puts in the place of former ones."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda import cloudinit
from tests.cloudinit import sample


def outputs(*names: str) -> Iterator[cloudinit.NodeOutput]:
    yield from (sample.render(name) for name in names)


def write(folder: Path, *names: str) -> None:
    cloudinit.write(outputs(*names), folder / "nodes", folder / "rendered")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_each_node_has_what_the_stacks_refer_to(tmp_path: Path) -> None:
    write(tmp_path, "ctl-1", "cmp-1")
    output = sample.render("cmp-1")
    assert (tmp_path / "nodes/cmp-1/bundle.tar.gz").read_bytes() == output.bundle
    assert (tmp_path / "nodes/cmp-1/user-data").read_text() == output.user_data
    assert (tmp_path / "nodes/cmp-1/network-config").read_text() == output.network_config
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nodes", "rendered"]


def test_rendered_files_lie_as_on_the_node(tmp_path: Path) -> None:
    write(tmp_path, "ctl-1", "ctl-2")
    for name in ("ctl-1", "ctl-2"):
        for file in sample.render(name).files:
            path = tmp_path / "rendered" / name / file.path[1:]
            assert path.is_dir() if file.kind == "directory" else path.read_text() == file.text


def test_files_are_whole_where_links_are_impossible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))

    write(tmp_path / "linked", "ctl-1", "ctl-2")
    monkeypatch.setattr(os, "link", refuse)
    write(tmp_path / "copied", "ctl-1", "ctl-2")
    assert tree(tmp_path / "copied") == tree(tmp_path / "linked")


def test_folders_that_exist_are_not_written_to(tmp_path: Path) -> None:
    write(tmp_path, "ctl-1")
    before = tree(tmp_path)
    with pytest.raises(FileExistsError):
        write(tmp_path, "ctl-2")
    assert tree(tmp_path) == before
