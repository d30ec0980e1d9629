"""Both ways in which a base tells what it rendered say what this process would say itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hacienda import cloudinit
from hacienda.errors import ToolError
from hacienda.review.diff import compare, of_folder, of_outputs
from hacienda.review.diff.export import exported, of_export
from tests import shipped

LAB = shipped.ROOT / "environments/lab.yaml"
PATH = "/etc/haproxy/haproxy.cfg"


@pytest.fixture(params=["file", "folder"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What the lab's rendering is written to."""
    outputs = shipped.rendered(LAB)[0]
    if request.param == "file":
        (tmp_path / "file").write_text(json.dumps(exported(outputs)))
        return tmp_path / "file"
    cloudinit.write(outputs, tmp_path / "written/nodes", tmp_path / "written/rendered")
    for kind in ("nodes", "rendered"):
        (tmp_path / "out" / kind).mkdir(parents=True)
        (tmp_path / "written" / kind).rename(tmp_path / "out" / kind / "lab")
    return tmp_path / "out"


def test_what_was_written_is_what_was_rendered(told: Path) -> None:
    outputs = shipped.rendered(LAB)[0]
    read, own = of_folder(told) if told.is_dir() else of_export(told), of_outputs(outputs)
    assert read.machines == own.machines
    assert list(read.machines) == [output.node for output in outputs]
    assert not compare(read, own)
    assert read.text("ctl-2", PATH) == own.text("ctl-2", PATH) != ""


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "entries": [{}]}'])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(ToolError, match="the base's rendering cannot be read"):
        of_export(tmp_path / "file")
