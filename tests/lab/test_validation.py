"""The programs of the machine image read every rendered file; a wrong value in each kind of file is caught."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hacienda import cloud, secrets, services
from hacienda import lab as host
from hacienda.cloudinit import NodeOutput
from hacienda.review import validation
from tests import shipped
from tests.lab import wrong_values
from tests.lab.wrong_values import Wrong

LAB = shipped.ROOT / "environments/lab.yaml"
LAB_FULL = shipped.ROOT / "environments/lab-full.yaml"
NETWORKS = shipped.ROOT / "examples/environments/networks.yaml"
TWO_NODE = shipped.ROOT / "examples/environments/two-node.yaml"
LARGE = shipped.ROOT / "examples/environments/large.yaml"


def _packages(path: Path) -> tuple[str, ...]:
    return tuple(cloud.read(path, services.registry()).packages)


PACKAGES = _packages(LAB)
EVERY = _packages(LAB_FULL)
READABLE = [path for path in shipped.environments() if {*_packages(path)} <= {*PACKAGES}]
"""Environments whose programs the lab's image holds."""
UNREADABLE = [path for path in shipped.environments() if path not in READABLE]
"""Environments whose programs the image of `lab-full` holds."""
WITH_EVERY_SERVICE = () if isinstance(validation.choose((), EVERY), validation.Image) else (pytest.mark.long,)
"""Building the image of `lab-full` takes minutes. Where a lane has not built it for its clouds, only the long lane does so."""


@pytest.fixture(scope="module")
def machine() -> Iterator[validation.Scratch]:
    """A machine made from the image that the lab boots."""
    host.prepare("lab")
    with validation.Scratch(host.build(PACKAGES)) as scratch:
        yield scratch


@pytest.fixture(scope="module")
def full() -> Iterator[validation.Scratch]:
    """A machine made from the image that `lab-full` boots."""
    host.prepare("lab")
    with validation.Scratch(host.build(EVERY)) as scratch:
        yield scratch


@pytest.mark.parametrize(
    ("image", "paths"),
    [
        pytest.param("machine", [path for path in READABLE if path != LARGE], id="all-but-large"),
        pytest.param("machine", [LARGE], id="large", marks=pytest.mark.long),
        pytest.param("full", UNREADABLE, id="every-service", marks=WITH_EVERY_SERVICE),
    ],
)
def test_every_file_of_every_shipped_environment_is_accepted(
    request: pytest.FixtureRequest, image: str, paths: list[Path]
) -> None:
    machine: validation.Scratch = request.getfixturevalue(image)
    outputs = [output for path in paths for output in shipped.rendered(path)[0]]
    report = validation.validate(outputs, [shipped.rendered(path)[1] for path in paths], machine)
    print(f"\n{report.total} files on {len(outputs)} nodes, {len(report.results)} checks, {report.seconds:.0f} s")
    for title, count in validation.counts(report).items():
        print(f"  {title:<32}{count:>6}")
    assert [str(result) for result in report.refused] == []
    assert {result.said for result in report.unchecked} == {"no content of it is rendered"}
    assert all(result.version for result in report.results if result.accepted)


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
    "ceph": "/etc/ceph/ceph.conf",
    "ceph's keys": "/ceph.client.admin.keyring",
    "ovn": "/etc/ovn/nb.json",
    "open vswitch": "/openvswitch/hacienda.json",
    "libvirt": "/libvirtd.conf",
    "qemu": "/libvirt/qemu.conf",
    "nova": "/nova/nova.conf",
    "nova-compute": "/nova-compute.conf",
    "neutron": "/neutron/neutron.conf",
    "cinder": "/cinder.conf",
    "glance": "/glance-api.conf",
    "placement": "/placement.conf",
}
"""Kinds of files in which a wrong value must be caught."""


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_is_shown_wrong(kind: str) -> None:
    assert any(case.path == KINDS[kind] for case in (*wrong_values.CORE, *wrong_values.FULL))


def test_the_command_finds_the_image_and_knows_it_the_second_time(machine: validation.Scratch, tmp_path: Path) -> None:
    outputs, needs = shipped.rendered(LAB)
    found = validation.collect(outputs)
    place = validation.choose(found.packages, PACKAGES)
    assert isinstance(place, validation.Image)
    nft = replace(found, subjects=tuple(subject for subject in found.subjects if subject.file.checker == "nft"))
    for known in (0, len(nft.subjects)):
        report = validation.check(nft, [needs], place, validation.Cache(tmp_path / "cache"))
        assert (report.refused, report.known, len(report.programs)) == ((), known, len(nft.subjects))


def refused(
    good: Sequence[NodeOutput], needs: Sequence[secrets.Needs], cases: Sequence[Wrong], machine: validation.Scratch
) -> dict[str, list[validation.Result]]:
    """Case -> what was refused of its file; all cases are checked in one go, and nothing but their wrong files."""
    found = validation.collect([*good, *(case.output(good) for case in cases)])
    fine = {f"{output.manifest['environment']}/{output.node}" for output in good}
    subjects = tuple(subject for subject in found.subjects if not fine & set(subject.nodes))
    report = validation.check(replace(found, subjects=subjects), needs, machine)
    refused: dict[str, list[validation.Result]] = {}
    for result in report.refused:
        for node in result.subject.nodes:
            refused.setdefault(node.rpartition("/")[0], []).append(result)
    return refused


@pytest.fixture(scope="module")
def core_refusals(machine: validation.Scratch) -> dict[str, list[validation.Result]]:
    """What the lab's image refuses."""
    controller, needs = shipped.rendered(LAB)[0][0], [shipped.rendered(path)[1] for path in (LAB, TWO_NODE, NETWORKS)]
    arbiter = next(output for output in shipped.rendered(TWO_NODE)[0] if output.node == "arb-1")
    return refused((controller, arbiter, shipped.rendered(NETWORKS)[0][0]), needs, wrong_values.CORE, machine)


@pytest.fixture(scope="module")
def full_refusals(full: validation.Scratch) -> dict[str, list[validation.Result]]:
    """What the image of `lab-full` refuses."""
    outputs, needs = shipped.rendered(LAB_FULL)
    return refused([output for output in outputs if output.node.endswith("-1")], [needs], wrong_values.FULL, full)


@pytest.mark.parametrize(
    ("refusals", "case"),
    [
        *(pytest.param("core_refusals", case, id=case.id) for case in wrong_values.CORE),
        *(pytest.param("full_refusals", case, id=case.id, marks=WITH_EVERY_SERVICE) for case in wrong_values.FULL),
    ],
)
def test_a_wrong_value_is_caught(request: pytest.FixtureRequest, refusals: str, case: Wrong) -> None:
    found: dict[str, list[validation.Result]] = request.getfixturevalue(refusals)
    said = {result.check: result.said for result in found.get(case.id, [])}
    assert case.check in said, said
    assert case.said in said[case.check]
    # It is the file that was refused: no program of ours broke over it.
    assert "probes/" not in said[case.check]


def test_every_program_is_shown_something_wrong() -> None:
    shown = {case.check for case in (*wrong_values.CORE, *wrong_values.FULL)}
    used = {file.checker for path in READABLE for output in shipped.rendered(path)[0][:4] for file in output.files}
    used |= {file.checker for path in UNREADABLE for output in shipped.rendered(path)[0] for file in output.files}
    titles = {check.title for name, checks in validation.CHECKERS.items() if name in used for check in checks}
    # Leaves are made by the secrets' own code; these checks of ours are shown wrong texts in the fast lane.
    assert titles - shown == {"openssl verify", "name servers", "JSON", "Python's compile, here"}
