"""States that an earlier provider wrote, a defect, and a thousand members."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile
import time
from pathlib import Path

import pytest

from tests.provider.cloud import Cloud, Member

ROOT = Path(__file__).parents[2]


def test_a_state_from_before_attributes_were_added_and_removed_plans_no_change(applied: Cloud) -> None:
    path = applied.folder / "terraform.tfstate"
    state = json.loads(path.read_text())
    for resource in state["resources"]:
        attributes = resource["instances"][0]["attributes"]
        for name in ("port", "jump", "identity_file"):
            del attributes[name]
        attributes["colour"] = "an attribute that is no more"
    path.write_text(json.dumps(state))
    plan = applied.plan("-detailed-exitcode")
    assert plan.code == 0, plan.text


def test_a_defect_is_an_error_with_the_resource_s_address(applied: Cloud) -> None:
    applied.members["ctl-2"].files["/etc/haproxy/haproxy.conf"] = "haproxy 2\n"
    applied.write()
    bundle = applied.folder / "ctl-2.tar.gz"
    data = bundle.read_bytes()
    applied.members["ctl-2"].extra["bundle"] = "../other.tar.gz"
    (applied.folder / "other.tar.gz").write_bytes(broken_manifest())
    applied.members["ctl-2"].extra["bundle_hash"] = hashlib.sha256(data).hexdigest()
    plan = applied.plan()
    assert plan.code == 1
    assert "hacienda_member ctl-2: KeyError: 'service'" in plan.flat
    assert "with hacienda_member.ctl-2" in plan.flat
    assert "This is a defect of the provider" in plan.flat


def broken_manifest() -> bytes:
    """A bundle whose manifest says nothing of the service."""
    buffer, text = io.BytesIO(), b'{"files": [{"path": "/x", "on_change": "restart"}]}'
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return gzip.compress(buffer.getvalue())


def test_a_bundle_that_is_not_there_says_what_to_do(applied: Cloud) -> None:
    applied.members["ctl-2"].files["/etc/haproxy/haproxy.conf"] = "haproxy 2\n"
    applied.members["ctl-2"].extra["bundle"] = "../nowhere.tar.gz"
    plan = applied.plan()
    assert plan.code == 1
    assert "../nowhere.tar.gz cannot be read" in plan.flat
    assert "hacienda synth" in plan.flat


@pytest.mark.parametrize("number", [60, pytest.param(1000, marks=pytest.mark.long)])
def test_many_members(tmp_path: Path, number: int) -> None:
    cloud = Cloud(tmp_path)
    cloud.extra = {"HACIENDA_TRANSPORT": f"tests.provider.memory:{cloud.machines}", "PYTHONPATH": str(ROOT)}
    for one in range(1, number - 2):
        cloud.members[f"cmp-{one}"] = Member(f"cmp-{one}", f"machine-{one}", {})
    began = time.monotonic()
    created = cloud.apply("-parallelism=30")
    assert f"{number} added" in created.text, created.text[-2000:]
    applied = time.monotonic()
    cloud.members["cmp-50"].files["/etc/haproxy/haproxy.conf"] = "haproxy 2\n"
    assert "0 to add, 1 to change, 0 to destroy" in cloud.plan("-parallelism=30").text
    sys.stdout.write(f"{number:,} members: apply {applied - began:.1f} s, plan {time.monotonic() - applied:.1f} s\n")
