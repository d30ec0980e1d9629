"""What an environment becomes beside files is compared, and what Terraform must replace is foretold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hacienda import services
from hacienda.cloud import Cloud
from hacienda.review.diff import Diff, Rendering, compare, resources, words
from hacienda.review.diff.base import Base
from hacienda.review.diff.export import exported, of_export
from tests.cloud import samples
from tests.review.diff.samples import Sample, rendering

REGION = """
name: region
platform: incus
networks:
  management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
machines:
  controller: 3
  compute: 2
"""
EXISTING = REGION.replace("platform: incus", "platform: existing")
PLANS = Path(__file__).parents[1] / "plan/plans"


def cloud(text: str) -> Cloud:
    return samples.cloud(text, services.registry())


def diff(before: str, after: str) -> Diff:
    """What differs beside files: the machines are the same."""
    both = [rendering([Sample("ctl-1")]) for _ in range(2)]
    old, new = (
        Rendering(one.machines, one.text, resources(cloud(text)))
        for one, text in zip(both, (before, after), strict=True)
    )
    return compare(old, new)


def changed(*pieces: str, of: str = REGION) -> Diff:
    """A change of the file: a piece, and what stands there instead."""
    assert pieces[0] in of
    return diff(of, of.replace(pieces[0], pieces[1]))


def kinds(found: Diff) -> dict[str, str]:
    return {change.address: change.kind for change in found.resources}


def test_nothing_changed_is_no_difference() -> None:
    assert not diff(REGION, REGION)
    assert not diff(EXISTING, EXISTING)


def test_another_project_replaces_what_terraform_replaces() -> None:
    """The plan of this change, made by Terraform and the provider."""
    found = changed("platform: incus", "platform: {type: incus, project: elsewhere}")
    document = json.loads((PLANS / "project-changed.json").read_text())
    planned = {
        entry["address"] for entry in document["resource_changes"] if entry["change"]["actions"] == ["delete", "create"]
    }
    assert {address for address, kind in kinds(found).items() if kind == "replaced"} == planned
    assert len(planned) == 12
    assert set(found.replaced) == {"ctl-1", "ctl-2", "ctl-3", "cmp-1", "cmp-2"}
    told = dict(words.resources(found))
    assert told["hacienda_incus_network management"].startswith("replaced: name ")
    assert told["hacienda_incus_instance ctl-1 ctl-2 ctl-3 cmp-1 cmp-2"].startswith("replaced: ")
    assert "project hacienda-region -> elsewhere" in told["hacienda_incus_instance ctl-1 ctl-2 ctl-3 cmp-1 cmp-2"]
    assert "with its machine" in told["hacienda_member ctl-1 ctl-2 ctl-3 cmp-1 cmp-2"]
    title = words.title("region", Base("HEAD", "0" * 40, rendering([])), found)
    assert title == "region: machines: 5 replaced, 2 other resources replaced, against HEAD (0000000000)"


CHANGES: dict[str, tuple[str, tuple[str, str], str, str, str]] = {
    "socket": (REGION, ("platform: incus", "platform: {type: incus, socket: /run/incus.socket}"),
               "hacienda_incus_instance.ctl-1", "replaced", "socket"),
    "pool": (REGION, ("platform: incus", "platform: {type: incus, pool: fast}"),
             "hacienda_incus_instance.ctl-1", "changed", "pool"),
    "image": (REGION, ("platform: incus", "platform: {type: incus, image: other}"),
              "hacienda_incus_image.machine", "replaced", "alias"),
    "image of a machine": (REGION, ("platform: incus", "platform: {type: incus, image: other}"),
                           "hacienda_incus_instance.ctl-1", "changed", "image"),
    "disks": (REGION, ("controller: 3", "controller: {count: 3, disks: {system: 20GiB}}"),
              "hacienda_incus_instance.ctl-2", "changed", "size"),
    "memory of computes": (REGION, ("compute: 2", "compute: {count: 2, memory: 8GiB}"),
                           "hacienda_incus_instance.cmp-2", "changed", "memory"),
    "processors": (REGION, ("compute: 2", "compute: {count: 2, cpus: 4}"), "hacienda_incus_instance.cmp-1", "changed", "cpus"),
    "packet size": (REGION, ("vip: 10.77.0.10}", "vip: 10.77.0.10, mtu: 9000}"),
                    "hacienda_incus_network.management", "changed", "mtu"),
    "jump host": (REGION, ("machines:", "ssh: {jump: operator@gate.example.org}\nmachines:"),
                  "hacienda_member.cmp-1", "changed", "jump"),
    "user": (REGION, ("machines:", "ssh: {user: admin}\nmachines:"), "hacienda_member.ctl-1", "changed", "user"),
    "known hosts": (EXISTING, ("platform: existing", "platform: {type: existing, known_hosts: ./hosts}"),
                    "hacienda_member.ctl-1", "changed", "trust"),
    "disks of machines that are there": (EXISTING, ("compute: 2", "compute: {count: 2, memory: 64GiB, disks: {data: 1TiB}}"),
                                         "hacienda_member.cmp-1", "changed", "disks"),
    "path of the secrets": (REGION, ("machines:", "secrets: {path: elsewhere}\nmachines:"), "secrets", "changed", "path"),
    "back end of the secrets": (REGION, ("machines:", f"secrets: {{backend: age, recipients: [age1{'q' * 58}]}}\nmachines:"),
                                "secrets", "changed", "backend"),
    "state": (REGION, ("machines:", "state: {backend: s3, options: {bucket: b, region: r}}\nmachines:"),
              "state", "changed", "backend"),
    "option of the state": (
        REGION.replace("machines:", "state: {backend: s3, options: {bucket: b, region: r}}\nmachines:"),
        ("bucket: b", "bucket: c"), "state", "changed", "bucket"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_named(what: str) -> None:
    text, pieces, address, kind, attribute = CHANGES[what]
    found = changed(*pieces, of=text)
    (change,) = [one for one in found.resources if one.address == address]
    assert (change.kind, attribute in change.attributes) == (kind, True), change
    assert found
    assert any(attribute in how for _, how in words.resources(found))
    title = words.title("region", Base("HEAD", "0" * 40, rendering([])), found)
    assert "no differences" not in title


def test_a_network_that_goes_and_one_that_comes_are_named() -> None:
    two = REGION.replace("machines:", "  storage: {cidr: 10.78.0.0/24}\nmachines:")
    assert kinds(diff(two, REGION))["hacienda_incus_network.storage"] == "removed"
    assert kinds(diff(REGION, two))["hacienda_incus_network.storage"] == "added"
    assert ("hacienda_incus_network storage", "removed") in words.resources(diff(two, REGION))


def test_machines_that_come_are_not_told_twice() -> None:
    found = diff(REGION, REGION.replace("compute: 2", "compute: 3"))
    assert kinds(found) == {"hacienda_incus_instance.cmp-3": "added", "hacienda_member.cmp-3": "added"}
    assert words.resources(found) == []
    assert found.others == ()


def test_a_base_that_does_not_say_is_not_called_equal(tmp_path: Path) -> None:
    told: dict[str, Any] = exported([])
    (tmp_path / "base").write_text(json.dumps({key: value for key, value in told.items() if key != "resources"}))
    assert of_export(tmp_path / "base").resources is None
    silent = replace(rendering([Sample("ctl-1")]), resources=None)
    found = compare(silent, Rendering(silent.machines, silent.text, resources(cloud(REGION))))
    assert not found.resources_known
    assert (
        words.title("region", Base("HEAD", "0" * 40, silent), found)
        == "region: no file differs against HEAD (0000000000)"
    )


def test_what_was_written_is_what_was_declared(tmp_path: Path) -> None:
    declared = resources(cloud(REGION))
    (tmp_path / "file").write_text(json.dumps(exported([], declared)))
    assert of_export(tmp_path / "file").resources == declared
