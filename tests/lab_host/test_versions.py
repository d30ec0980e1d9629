"""What differs from the packages of the last green run is named, the rest is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hacienda.cloudinit.node import holds
from hacienda.errors import ToolError
from hacienda.lab import contents, versions

BEFORE = {"mariadb-server": "11.8.6", "etcd-server": "3.5.16", "libc6": "2.41-12", "tzdata": "1"}
NOW = {"mariadb-server": "11.8.9", "etcd-server": "3.5.16", "libc6": "2.41-13", "tzdata": "2", "new": "1"}


def test_declared_packages_are_named_and_others_counted() -> None:
    said = list(versions.differences(NOW, ["mariadb-server", "etcd-server"], BEFORE))
    assert said == ["mariadb-server 11.8.6 -> 11.8.9", "2 other packages"]
    assert list(versions.differences({**BEFORE, "libc6": "3"}, ["etcd-server"], BEFORE)) == ["1 other package"]


def test_the_same_packages_and_an_unknown_past_say_nothing() -> None:
    assert list(versions.differences(BEFORE, BEFORE, BEFORE)) == []
    assert list(versions.differences(NOW, NOW, {})) == []


def test_a_green_run_is_written_down_and_read_back(tmp_path: Path) -> None:
    versions.record(NOW, tmp_path / "green.json")
    assert json.loads((tmp_path / "green.json").read_text())["packages"] == NOW
    assert isinstance(versions.green(), dict)


def test_an_image_whose_packages_are_not_known_is_no_green_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ToolError):
        versions.record({}, tmp_path / "green.json")
    assert not (tmp_path / "green.json").exists()
    monkeypatch.setattr(contents, "packages", lambda lab, image: {})
    assert versions.main() == ToolError.exit_code
    assert "packages are not known" in capsys.readouterr().err


def test_a_broken_image_is_refused_with_package_version_assumption_and_what_to_do(tmp_path: Path) -> None:
    wanted = {
        "service": "galera",
        "package": "mariadb-server",
        "kind": "line",
        "subject": "/usr/lib/systemd/system/mariadb.service",
        "expected": "wsrep-new-cluster",
        "reason": "a cluster is founded through it",
    }
    (broken,) = holds.broken([wanted], tmp_path)
    text = contents.refusal([{**broken, "version": "1:11.8.9"}])
    assert "No machine was created from it" in text
    assert "mariadb-server 1:11.8.9: /usr/lib/systemd/system/mariadb.service has no line like wsrep-new-cluster" in text
    assert "galera needs it: a cluster is founded through it" in text
    assert "apt-get install --allow-downgrades mariadb-server=" in text
