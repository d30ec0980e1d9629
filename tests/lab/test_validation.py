"""The programs of the lab's image read every rendered file; a wrong value in each kind of file is caught."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hacienda import cloud, services
from hacienda import lab as host
from hacienda.review import validation
from tests import shipped
from tests.lab import validating, wrong_values

LAB = shipped.ROOT / "environments/lab.yaml"
NETWORKS = shipped.ROOT / "examples/environments/networks.yaml"
TWO_NODE = shipped.ROOT / "examples/environments/two-node.yaml"
LARGE = shipped.ROOT / "examples/environments/large.yaml"
PACKAGES = cloud.read(LAB, services.registry()).packages
READABLE = [path for path in shipped.environments() if {*cloud.read(path, services.registry()).packages} <= {*PACKAGES}]
"""Environments whose programs the lab's image holds. The lane of `lab-full` has the image of the others."""


@pytest.fixture(scope="module")
def machine() -> Iterator[validation.Scratch]:
    """A machine made from the image that the lab boots."""
    host.prepare("lab")
    with validation.Scratch(host.build(PACKAGES)) as scratch:
        yield scratch


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param([path for path in READABLE if path != LARGE], id="all-but-large"),
        pytest.param([LARGE], id="large", marks=pytest.mark.long),
    ],
)
def test_every_file_of_every_shipped_environment_is_accepted(machine: validation.Scratch, paths: list[Path]) -> None:
    assert {path.stem for path in shipped.environments()} - {path.stem for path in READABLE} == {
        "lab-full",
        "provider-networks",
    }
    validating.accepts(machine, paths)


KINDS = {
    "haproxy": "/haproxy.cfg",
    "keepalived": "/keepalived.conf",
    "nftables": "/nftables.conf",
    "my.cnf": "/90-hacienda.cnf",
    "garbd": "/garbd.cnf",
    "rabbitmq": "/rabbitmq.conf",
    "etcd": "/etc/default/etcd",
    "keystone": "/keystone.conf",
    "sshd": "/sshd_config.d/60-hacienda.conf",
    "chrony": "/chrony.conf",
    "systemd unit": "/hacienda-galera.service",
    "script": "/hacienda/galera/join.sh",
    "user-data": "user-data",
}
"""Kinds of files in which a wrong value must be caught."""


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_is_shown_wrong(kind: str) -> None:
    assert any(case.path == KINDS[kind] for case in wrong_values.CASES)


def test_the_command_finds_the_image_and_knows_it_the_second_time(machine: validation.Scratch, tmp_path: Path) -> None:
    outputs, needs = shipped.rendered(LAB)
    found = validation.collect(outputs)
    place = validation.choose(found.packages, PACKAGES)
    assert isinstance(place, validation.Image)
    nft = replace(found, subjects=tuple(subject for subject in found.subjects if subject.file.checker == "nft"))
    for known in (0, len(nft.subjects)):
        report = validation.check(nft, [needs], place, validation.Cache(tmp_path / "cache"))
        assert (report.refused, report.known, len(report.programs)) == ((), known, len(nft.subjects))


@pytest.fixture(scope="module")
def refusals(machine: validation.Scratch) -> validating.Refusals:
    """What is refused of each case's file."""
    controller, needs = shipped.rendered(LAB)[0][0], [shipped.rendered(path)[1] for path in (LAB, TWO_NODE, NETWORKS)]
    arbiter = next(output for output in shipped.rendered(TWO_NODE)[0] if output.node == "arb-1")
    good = (controller, arbiter, shipped.rendered(NETWORKS)[0][0])
    return validating.refusals(machine, good, needs, wrong_values.CASES)


@pytest.mark.parametrize("case", wrong_values.CASES, ids=lambda case: case.id)
def test_a_wrong_value_is_caught(refusals: validating.Refusals, case: validating.Wrong) -> None:
    validating.catches(refusals, case)


def test_every_program_is_shown_something_wrong() -> None:
    shown = {case.check for case in wrong_values.CASES}
    used = {file.checker for path in READABLE for output in shipped.rendered(path)[0][:4] for file in output.files}
    titles = {check.title for name, checks in validation.CHECKERS.items() if name in used for check in checks}
    # Leaves are made by the secrets' own code; these checks of ours are shown wrong texts in the fast lane.
    assert titles - shown == {"openssl verify", "name servers", "JSON", "Python's compile, here"}
