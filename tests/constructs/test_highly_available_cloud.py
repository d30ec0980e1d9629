"""A whole environment in one stack of somebody's app."""

from __future__ import annotations

from pathlib import Path

from hacienda.constructs import HighlyAvailableCloud
from hacienda.environment import shipped
from tests.constructs.conftest import ROOT, make_app


def test_parts_wait_for_the_gates_of_those_they_need(tmp_path: Path) -> None:
    app = make_app(tmp_path / "app", "cloud")
    made = HighlyAvailableCloud(
        app.stack, "cloud", environment=shipped(ROOT)["two-node"], root=app.root, with_secrets=False
    )
    resources = app.synth()["resource"]
    assert set(resources["hacienda_gate"]) == {"controller", "compute"}
    assert resources["hacienda_member"]["cmp-1"]["depends_on"] == ["hacienda_gate.controller"]
    assert "depends_on" not in resources["hacienda_member"]["ctl-1"]
    assert [group.names for group in made.groups] == [
        ("ctl-1", "ctl-2", "arb-1"),
        ("cmp-1", "cmp-2", "cmp-3", "cmp-4"),
    ]


def test_the_lab_waits_for_network_and_image(tmp_path: Path) -> None:
    app = make_app(tmp_path / "app", "cloud")
    HighlyAvailableCloud(app.stack, "cloud", environment=shipped(ROOT)["lab"], root=app.root, with_secrets=False)
    resources = app.synth()["resource"]
    assert resources["hacienda_incus_instance"]["ctl-1"]["depends_on"] == [
        "hacienda_incus_network.management",
        "hacienda_incus_image.machine",
    ]


def test_networks_of_the_file_are_the_constructs_networks(tmp_path: Path) -> None:
    """Bonds, ranges and roles included."""
    app = make_app(tmp_path / "app", "cloud")
    made = HighlyAvailableCloud(
        app.stack, "cloud", environment=shipped(ROOT)["networks"], root=app.root, with_secrets=False
    )
    assert tuple(one.network for one in made.networks) == made.cloud.networks
    assert any(network.bond for network in made.cloud.networks)


def test_without_secrets_the_store_is_left_alone(tmp_path: Path) -> None:
    app = make_app(tmp_path / "app", "cloud")
    HighlyAvailableCloud(app.stack, "cloud", environment=shipped(ROOT)["two-node"], root=app.root, with_secrets=False)
    assert "secrets" not in app.synth()["resource"]["hacienda_member"]["ctl-1"]
    assert not (app.root / ".hacienda").exists()
