"""Services that a cloud may have or not: chosen by the file, by defaults, and never half."""

from __future__ import annotations

import jsonschema
import pytest

from hacienda.declare import Registry, Script, Service
from hacienda.environment.reference import reference
from hacienda.environment.schema import schema
from hacienda.environment.source import parse
from hacienda.errors import InputError
from tests.cloud import samples

VERIFY = Script("verify.sh")
REGISTRY = Registry(
    (
        *samples.SERVICES,
        Service("image", "Images", ("controller",), VERIFY, choice="unless declined", provides=("backup",)),
        Service("volume", "Volumes", ("controller",), VERIFY, choice="on request", requires=("backup",)),
    ),
    left_out=("firewall", "host", "memcached", "rabbitmq"),
)


def names(services: str = "") -> set[str]:
    cloud = samples.cloud(samples.LAB + services, REGISTRY)
    found = {service.name for service in cloud.services}
    assert found == set(cloud.node("ctl-1").services) | {
        service.name for service in cloud.services if service.everywhere
    }
    assert cloud.options.keys() >= found
    return found & {"image", "volume"}


@pytest.mark.parametrize(
    ("services", "found"),
    [
        ("", {"image"}),
        ("    services: {image: true}", {"image"}),
        ("    services: {image: false}", set()),
        ("    services: {image: {}, volume: true}", {"image", "volume"}),
        ("    services: {volume: {}}", {"image", "volume"}),
        ("    services: {volume: false, etcd: true}", {"image"}),
    ],
)
def test_the_file_chooses(services: str, found: set[str]) -> None:
    assert names(services) == found


def refused(services: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        names(services)
    return [str(problem) for problem in caught.value.problems]


def test_what_needs_a_service_that_is_left_out_names_both() -> None:
    [problem] = refused("    services: {image: false, volume: true}")
    assert problem.startswith("test.yaml:7: services.image: volume needs a backup, which image provides")
    assert "Write `image: true` below `services`, or `volume: false`." in problem


def test_what_every_cloud_has_cannot_be_left_out() -> None:
    [problem] = refused("    services: {etcd: false}")
    assert problem.startswith("test.yaml:7: services.etcd = false: cannot be left out: it is part of every cloud")


def test_a_service_that_is_left_out_is_unknown_to_nobody() -> None:
    cloud = samples.cloud(samples.LAB + "    services: {image: false}", REGISTRY)
    assert cloud.members("image") == ()
    assert cloud.provider("backup") is None


@pytest.mark.parametrize(("text", "good"), [("image: false", True), ("etcd: true", True), ("etcd: false", False)])
def test_an_editor_knows_what_can_be_chosen(text: str, good: bool) -> None:
    whole = (
        f"name: x\nnetworks: {{management: {{cidr: 10.0.0.0/24}}}}\nmachines: {{controller: 3}}\nservices: {{{text}}}\n"
    )
    data = parse(whole.encode(), "x")[0]
    if good:
        jsonschema.validate(data, schema(REGISTRY))
    else:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(data, schema(REGISTRY))


def test_the_reference_says_what_counts_by_default() -> None:
    page = reference(REGISTRY)
    assert "### image\n\nImages.\n\nEvery cloud has it unless the file says `false`." in page
    assert "### volume\n\nVolumes.\n\nA cloud has it if the file says `true`, or has options of it." in page
