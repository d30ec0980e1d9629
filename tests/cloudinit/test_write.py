"""Outputs on disk: all of them or what was there before."""

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


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_each_node_has_what_the_stacks_refer_to(tmp_path: Path) -> None:
    cloudinit.write(outputs("ctl-1", "cmp-1"), tmp_path)
    output = sample.render("cmp-1")
    assert (tmp_path / "nodes/cmp-1/bundle.tar.gz").read_bytes() == output.bundle
    assert (tmp_path / "nodes/cmp-1/user-data").read_text() == output.user_data
    assert (tmp_path / "nodes/cmp-1/network-config").read_text() == output.network_config
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nodes", "rendered"]


def test_rendered_files_lie_as_on_the_node(tmp_path: Path) -> None:
    cloudinit.write(outputs("ctl-1", "ctl-2"), tmp_path)
    for name in ("ctl-1", "ctl-2"):
        for file in sample.render(name).files:
            path = tmp_path / "rendered" / name / file.path[1:]
            assert path.is_dir() if file.kind == "directory" else path.read_text() == file.text


def test_files_are_whole_where_links_are_impossible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))

    cloudinit.write(outputs("ctl-1", "ctl-2"), tmp_path / "linked")
    monkeypatch.setattr(os, "link", refuse)
    cloudinit.write(outputs("ctl-1", "ctl-2"), tmp_path / "copied")
    assert tree(tmp_path / "copied") == tree(tmp_path / "linked")


def test_second_writing_replaces_nodes_that_left(tmp_path: Path) -> None:
    cloudinit.write(outputs("ctl-1", "ctl-2"), tmp_path)
    cloudinit.write(outputs("ctl-2"), tmp_path)
    assert [path.name for path in (tmp_path / "nodes").iterdir()] == ["ctl-2"]


def test_failure_leaves_what_was_there(tmp_path: Path) -> None:
    def failing() -> Iterator[cloudinit.NodeOutput]:
        yield sample.render("ctl-2")
        raise RuntimeError("the third node cannot be rendered")

    cloudinit.write(outputs("ctl-1"), tmp_path)
    before = tree(tmp_path)
    with pytest.raises(RuntimeError):
        cloudinit.write(failing(), tmp_path)
    assert tree(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nodes", "rendered"]
