"""The programs of the image of `lab-full` read every file of a cloud with every service; a wrong value in each is caught."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hacienda import cloud, services
from hacienda import lab as host
from hacienda.review import validation
from tests import shipped
from tests.lab import validating
from tests.lab import wrong_values as core
from tests.lab_full import wrong_values

LAB_FULL = shipped.ROOT / "environments/lab-full.yaml"
PROVIDER_NETWORKS = shipped.ROOT / "examples/environments/provider-networks.yaml"


@pytest.fixture(scope="module")
def machine() -> Iterator[validation.Scratch]:
    """A machine made from the image that `lab-full` boots."""
    host.prepare("lab-full")
    with validation.Scratch(host.build(cloud.read(LAB_FULL, services.registry()).packages)) as scratch:
        yield scratch


def test_every_file_of_a_cloud_with_every_service_is_accepted(machine: validation.Scratch) -> None:
    validating.accepts(machine, [LAB_FULL])


def test_every_file_of_a_cloud_with_several_physical_networks_is_accepted(machine: validation.Scratch) -> None:
    validating.accepts(machine, [PROVIDER_NETWORKS])


@pytest.fixture(scope="module")
def refusals(machine: validation.Scratch) -> validating.Refusals:
    """What is refused of each case's file."""
    outputs, needs = shipped.rendered(LAB_FULL)
    good = [output for output in outputs if output.node.endswith("-1")]
    return validating.refusals(machine, good, [needs], wrong_values.CASES)


@pytest.mark.parametrize("case", wrong_values.CASES, ids=lambda case: case.id)
def test_a_wrong_value_is_caught(refusals: validating.Refusals, case: validating.Wrong) -> None:
    validating.catches(refusals, case)


def test_every_file_of_a_service_and_every_program_is_shown_wrong() -> None:
    cases = (*core.CASES, *wrong_values.CASES)
    files = {file for output in shipped.rendered(LAB_FULL)[0] for file in output.files if file.kind == "file"}
    titles = {check.title for file in files for check in validation.CHECKERS[file.checker]}
    # Leaves are made by the secrets' own code; these checks of ours are shown wrong texts in the fast lane.
    assert titles - {case.check for case in cases} == {
        "openssl verify",
        "JSON",
        "Python's compile, here",
    }
    own = {
        file.path for file in files if file.checker in ("oslo-config-validator", "libvirt", "ceph-conf", "ovsdb-server")
    }
    assert {path for path in own if not any(path.endswith(case.path) for case in cases)} == set()
