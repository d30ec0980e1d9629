"""Synthesis as a whole: all or nothing, the same bytes every time, secrets by digest only."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from hacienda import cdk, cloudinit
from hacienda.environment import shipped
from hacienda.errors import InputError, ToolError
from tests.stacks.conftest import ROOT, Made, make, synthesize

LAB = shipped(ROOT)["lab"]


def digests(folder: Path) -> dict[str, str]:
    """Path -> hash of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def variant(folder: Path, name: str, text: str) -> Path:
    """The lab's file with something added, or something in its place."""
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def test_a_second_synthesis_writes_the_same_bytes(tmp_path: Path) -> None:
    first = digests(make(tmp_path, "lab").synthesis.out)
    assert digests(make(tmp_path, "lab").synthesis.out) == first


def test_bytes_depend_on_neither_hash_seed_nor_locale_nor_time_zone(tmp_path: Path) -> None:
    found = []
    for number, (seed, locale, zone) in enumerate((("1", "C", "UTC"), ("2", "de_DE.UTF-8", "Asia/Tokyo"))):
        root = tmp_path / str(number) / "project"
        (root / "environments").mkdir(parents=True)
        shutil.copy(LAB, root / "environments")
        shutil.copy(ROOT / "main.py", root)
        environment = {"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone, "HACIENDA_SECRETS": "none"}
        subprocess.run([sys.executable, "main.py"], cwd=root, env={**os.environ, **environment}, check=True)
        found.append(digests(root / "cdktf.out"))
    assert found[0] == found[1]


def test_one_broken_file_leaves_everything_as_it_was(tmp_path: Path) -> None:
    broken = variant(tmp_path, "broken", LAB.read_text().replace("name: lab", "name: broken") + "servces: {}\n")
    with pytest.raises(InputError, match="servces"):
        synthesize(tmp_path, LAB, broken)
    assert not (tmp_path / "cdktf.out").exists()
    assert not (tmp_path / ".hacienda").exists()


def test_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    one = variant(tmp_path, "one", "name: one\n")
    two = variant(tmp_path, "two", "nam: two\n")
    with pytest.raises(InputError) as caught:
        synthesize(tmp_path, one, two)
    assert {Path(problem.file).name for problem in caught.value.problems} == {"one.yaml", "two.yaml"}


def test_two_environments_of_one_name_are_refused(tmp_path: Path) -> None:
    copy = variant(tmp_path, "copy", LAB.read_text())
    with pytest.raises(InputError, match="name of another environment"):
        synthesize(tmp_path, LAB, copy)


def test_what_terraform_keeps_in_a_stack_stays(tmp_path: Path) -> None:
    made = make(tmp_path, "lab")
    kept = made.synthesis.folder(made.synthesis.stacks[0]) / ".terraform" / "kept"
    kept.parent.mkdir()
    kept.write_text("x")
    make(tmp_path, "lab")
    assert kept.read_text() == "x"


def test_parts_that_left_are_removed_and_others_are_not(tmp_path: Path) -> None:
    text = LAB.read_text()
    grown = variant(tmp_path, "lab", text.replace("controller: 3", "controller: 3\n  compute: 1"))
    out = tmp_path / "cdktf.out"
    synthesize(tmp_path, grown)
    make(tmp_path, "two-node")
    assert (out / "nodes/lab/cmp-1").is_dir() and (out / "stacks/lab-compute").is_dir()
    make(tmp_path, "lab")
    assert not (out / "nodes/lab/cmp-1").exists() and not (out / "stacks/lab-compute").exists()
    assert (out / "nodes/two-node/cmp-1").is_dir() and (out / "stacks/two-node-compute").is_dir()


def test_nothing_is_left_beside_the_output(tmp_path: Path) -> None:
    make(tmp_path, "lab")
    assert {path.name for path in tmp_path.iterdir()} == {".hacienda", "cdktf.out"}
    assert {path.name for path in (tmp_path / "cdktf.out").iterdir()} == {
        "manifest.json",
        "nodes",
        "rendered",
        "stacks",
    }


def test_without_the_store_nothing_else_is_said_than_with_it(tmp_path: Path, lab: Made) -> None:
    """Digests and user-data, which holds the deployer's key, are left out and stay as they are."""
    made = make(tmp_path, "lab", with_secrets=False)
    without, known = (each.block("lab-controller")["resource"] for each in (made, lab))
    for kind, left in (("hacienda_member", "secrets"), ("hacienda_incus_instance", "user_data"), ("hacienda_gate", "")):
        for name, block in known[kind].items():
            assert without[kind][name] == {key: value for key, value in block.items() if key != left}
    assert not (tmp_path / ".hacienda").exists()


def test_no_secret_is_in_the_output(lab: Made) -> None:
    store = lab.root / ".hacienda/lab/secrets"
    values = [path.read_bytes() for path in store.rglob("*") if path.is_file() and not path.name.startswith(".")]
    lines = {line for value in values for line in value.splitlines() if len(line) > 20 and b"-----" not in line}
    assert len(lines) > len(values) > 10
    written = b"".join(path.read_bytes() for path in lab.synthesis.out.rglob("*") if path.is_file())
    assert not [line[:4] for line in lines if line in written]


def test_every_secret_of_a_node_has_a_digest(lab: Made) -> None:
    members = lab.block("lab-controller")["resource"]["hacienda_member"]
    for member in members.values():
        assert all(re.fullmatch(r"[0-9a-f]{4}\.[0-9a-f]{16}", digest) for digest in member["secrets"].values())
    assert members["ctl-1"]["secrets"]["x509/etcd/key.pem"] != members["ctl-2"]["secrets"]["x509/etcd/key.pem"]


def test_a_full_disk_is_a_tool_error_and_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(make(tmp_path, "lab").synthesis.out)

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("Error: ENOSPC: no space left on device, write")

    monkeypatch.setattr(cdk, "App", full)
    with pytest.raises(ToolError, match=r"cannot be written: Error: ENOSPC: no space left on device"):
        make(tmp_path, "lab")
    assert digests(tmp_path / "cdktf.out") == before


def test_a_node_that_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(make(tmp_path, "lab").synthesis.out)
    whole = cloudinit.write

    def failing(outputs: Iterable[cloudinit.NodeOutput], nodes: Path, rendered: Path) -> None:
        whole(list(outputs)[:1], nodes, rendered)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cloudinit, "write", failing)
    with pytest.raises(ToolError, match="No space left"):
        make(tmp_path, "lab")
    assert digests(tmp_path / "cdktf.out") == before
    assert {path.name for path in tmp_path.iterdir()} == {".hacienda", "cdktf.out"}


def test_output_is_staged_once_and_each_folder_is_renamed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "lab", with_secrets=False)
    renamed: list[str] = []
    rename = Path.rename

    def counted(path: Path, target: Path) -> Path:
        renamed.append(str(target))
        return rename(path, target)

    staged: list[str] = []
    mkdtemp = tempfile.mkdtemp

    def staging(**options: str) -> str:
        staged.append(mkdtemp(**options))
        return staged[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", staging)
    monkeypatch.setattr(Path, "rename", counted)
    out = make(tmp_path, "lab", with_secrets=False).synthesis.out
    assert len([folder for folder in staged if folder.startswith(str(tmp_path))]) == 1
    assert sorted(target for target in renamed if target.startswith(str(out))) == [
        str(out / kind / "lab") for kind in ("nodes", "rendered")
    ]
