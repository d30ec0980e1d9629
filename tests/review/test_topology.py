"""The picture of a cloud names everything that matters."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from hacienda import cloud, environment, services
from hacienda.review.topology import draw

ROOT = Path(__file__).parents[2]


def picture(name: str, width: int = 100) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(draw(cloud.read(environment.find(name, ROOT), services.registry())))
    return captured.get()


def test_lab_shows_network_address_machines_and_votes() -> None:
    shown = picture("lab")
    for word in ("10.77.0.0/24", "◆ 10.77.0.10", "ctl-1  10.77.0.11", "ctl-3  10.77.0.13", "etcd●", "haproxy"):
        assert word in shown
    votes = next(line for line in shown.splitlines() if "ctl-1 ctl-2 ctl-3" in line)
    assert votes.split()[-2:] == ["2", "1"], "a majority is two, one may fail"


def test_failure_domains_are_branches() -> None:
    shown = picture("production")
    places = [line for line in shown.splitlines() if "rack " in line]
    assert [line.split()[-1] for line in places] == ["a", "b", "c"]
    assert "vlan 20" in shown


def test_many_machines_are_one_line() -> None:
    shown = picture("large")
    assert len(shown.splitlines()) < 60
    assert "compute machines" in shown


@pytest.mark.parametrize("width", [60, 80, 200])
def test_fits_any_terminal(width: int) -> None:
    assert max(len(line) for line in picture("production", width).splitlines()) <= width
