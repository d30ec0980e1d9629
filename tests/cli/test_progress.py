"""What is shown while Terraform runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from hacienda.cli.progress import SHOWN, Progress


def event(kind: str, name: str, action: str = "create", resource: str = "hacienda_member") -> str:
    hook = {
        "resource": {"addr": f"{resource}.{name}", "resource_name": name, "resource_type": resource},
        "action": action,
    }
    return json.dumps({"type": kind, "hook": hook})


def told(file: Path, node: str, word: str, detail: str = "") -> None:
    with file.open("a") as lines:
        lines.write(
            json.dumps({"time": 0, "resource": "hacienda_member", "node": node, "event": word, "detail": detail})
        )
        lines.write("\n")


def text(progress: Progress) -> str:
    console = Console(width=100, record=True, file=None)
    with console.capture() as captured:
        console.print(progress.table())
    return captured.get()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "progress"


def test_node_is_followed_from_start_to_end(file: Path) -> None:
    progress = Progress(file)
    progress.terraform(event("apply_start", "ctl-1"))
    assert "creating" in text(progress)
    told(file, "ctl-1", "installing", "47 files")
    assert "installing" in text(progress)
    assert "47 files" in text(progress)
    progress.terraform(event("apply_complete", "ctl-1"))
    assert progress.rows[0].state == "done"


def test_node_is_done_when_all_its_resources_are(file: Path) -> None:
    progress = Progress(file)
    for resource in ("hacienda_incus_instance", "hacienda_member"):
        progress.terraform(event("apply_start", "ctl-1", resource=resource))
    progress.terraform(event("apply_complete", "ctl-1", resource="hacienda_incus_instance"))
    assert progress.rows[0].state == "busy"
    progress.terraform(event("apply_errored", "ctl-1"))
    assert progress.rows[0].state == "failed"


def test_what_the_provider_said_before_the_end_does_not_undo_it(file: Path) -> None:
    progress = Progress(file)
    progress.terraform(event("apply_start", "ctl-1"))
    told(file, "ctl-1", "installed")
    progress.terraform(event("apply_complete", "ctl-1"))
    progress.follow()
    assert [(row.state, row.event) for row in progress.rows] == [("done", "created")]


def test_half_a_line_is_left_for_later(file: Path) -> None:
    progress = Progress(file)
    file.write_text('{"node": "ctl-1", "event": "wai')
    progress.follow()
    assert not progress.rows
    with file.open("a") as lines:
        lines.write('ting"}\n')
    progress.follow()
    assert progress.rows[0].event == "waiting"


def test_noise_is_passed_over(file: Path) -> None:
    progress = Progress(file)
    for line in ("", "not JSON", "[]", '{"type": "version"}'):
        progress.terraform(line)
    file.write_text("noise\n[]\n")
    progress.follow()
    assert not progress.rows


def test_many_nodes_are_cut_with_the_busy_ones_first(file: Path) -> None:
    progress = Progress(file)
    for number in range(SHOWN + 5):
        progress.terraform(event("apply_start", f"cmp-{number}"))
        if number < SHOWN:
            progress.terraform(event("apply_complete", f"cmp-{number}"))
    shown = text(progress)
    assert f"cmp-{SHOWN + 4}" in shown
    assert "and 5 more" in shown
