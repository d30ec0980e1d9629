"""What a good file means."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import ValidationError

from hacienda.cloud import read
from hacienda.environment import load
from hacienda.errors import InputError
from tests.cloud.samples import LAB, REGISTRY, BalancerOptions, cloud, environment

ROOT = Path(__file__).parents[2]


def test_a_three_controller_cloud_takes_at_most_fifteen_lines() -> None:
    written = (ROOT / "environments" / "lab.yaml").read_text().splitlines()
    assert len(written) <= 15
    assert len(load(ROOT / "environments" / "lab.yaml", REGISTRY).time.servers) == 4


def test_everything_else_has_a_default() -> None:
    lab = environment(LAB)
    assert (lab.region, lab.release, lab.operating_system) == ("RegionOne", "2025.1", "debian-13")
    assert lab.platform.type == "incus"
    assert lab.ssh.user == "root"
    assert lab.tls.leaf_days == 90
    assert lab.secrets.backend == "file"
    assert lab.state.backend == "local"


def test_an_environment_is_frozen() -> None:
    with pytest.raises(ValidationError):
        environment(LAB).name = "other"


def test_a_release_needs_no_quotes() -> None:
    assert environment(f"{LAB}\n    release: 2025.1\n").release == "2025.1"


def test_sizes_are_bytes() -> None:
    text = LAB.replace("controller: 3", "controller: {count: 3, memory: 1.5GiB, disks: {system: 400GB}}")
    node = cloud(text).nodes[0]
    assert node.memory == 3 * 1024**3 // 2
    assert node.disks == {"system": 400 * 1000**3}


def test_service_options_have_defaults_and_are_validated() -> None:
    found = cloud(f"{LAB}\n    services: {{haproxy: {{connections: 9, timeouts: {{connect: 2}}}}, etcd: }}\n")
    options = found.option("haproxy")
    assert isinstance(options, BalancerOptions)
    assert (options.connections, options.timeouts.connect, options.statistics) == (9, 2, True)


def test_the_rest_of_a_file_is_looked_at_although_parts_are_broken(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    more = "    time: 3\n    services: {haproxy: {connections: x}}\n"
    path.write_text(dedent(LAB.replace("10.77.0.10", "10.99.0.10") + more))
    with pytest.raises(InputError) as raised:
        read(path, REGISTRY)
    places = [problem.where for problem in raised.value.problems]
    assert places == ["networks.management.vip", "time", "services.haproxy.connections"]


def test_the_operators_keys_reach_the_cloud() -> None:
    blob = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    found = cloud(f"{LAB}\n    ssh: {{keys: [ssh-ed25519 {blob} me@desk]}}\n")
    assert found.ssh.keys == (f"ssh-ed25519 {blob} me@desk",)


@pytest.mark.parametrize("domain", ["cloud.1und1.example", "3com.example", "xn--mller-kva.example", "4.cloud.example"])
def test_a_label_of_a_domain_may_begin_with_a_digit(domain: str) -> None:
    """RFC 1123, 2.1; names of other alphabets have two hyphens (RFC 5891)."""
    assert environment(f"{LAB}\n    domain: {domain}\n").domain == domain
