"""chrony: enough sources, controllers that agree, and a clock that containers leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services import composed
from tests.services.sandbox import Outcome, Sandbox

WITH_COMPUTE = composed.LAB + "  compute: 1\n"


def configuration(tmp_path: Path, text: str = composed.LAB, node: str = "ctl-1") -> list[str]:
    return composed.rendered(composed.cloud(tmp_path, text), "chrony", node)["/etc/chrony/chrony.conf"].text.split("\n")


def test_four_sources_unless_the_operator_names_fewer(tmp_path: Path) -> None:
    assert sum(line.startswith("pool ") for line in configuration(tmp_path)) == 4
    named = configuration(tmp_path, composed.LAB + "time: {servers: [192.0.2.1, ntp.example.org]}\n")
    assert "server 192.0.2.1 iburst" in named
    assert "pool ntp.example.org iburst maxsources 2" in named


def test_controllers_agree_with_each_other_and_serve_the_rest(tmp_path: Path) -> None:
    lines = configuration(tmp_path, node="ctl-2")
    assert [line for line in lines if line.startswith("peer ")] == ["peer 10.77.0.11", "peer 10.77.0.13"]
    assert "local stratum 10 orphan" in lines
    assert "allow 10.77.0.0/24" in lines
    compute = configuration(tmp_path, WITH_COMPUTE, "cmp-1")
    assert "server 10.77.0.11 iburst" in compute
    assert not any(line.startswith(("allow", "peer", "local")) for line in compute)


def test_a_clock_jumps_only_while_the_machine_starts(tmp_path: Path) -> None:
    assert "makestep 1 3" in configuration(tmp_path)


@pytest.mark.parametrize(("platform", "alone"), [("incus", True), ("existing", False)])
def test_containers_leave_the_clock_alone(tmp_path: Path, platform: str, alone: bool) -> None:
    cloud = composed.cloud(tmp_path, composed.LAB.replace("incus", platform))
    unit = composed.rendered(cloud, "chrony")["/etc/systemd/system/chrony.service"].text
    assert (" -x\n" in unit) is alone


def verify(tmp_path: Path, platform: str, leap: str, offset: str = "0.000012") -> Outcome:
    tracking = f"C0000201,192.0.2.1,3,1700000000.0,{offset},0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,{leap}"
    programs = {"systemctl": "true", "chronyc": f"echo '{tracking}'"}
    cloud = composed.cloud(tmp_path, composed.LAB.replace("incus", platform))
    return Sandbox(tmp_path / f"{platform}{leap.replace(' ', '')}{offset}", cloud, "ctl-1", "chrony", programs).run(
        "verify.sh"
    )


def test_a_machine_without_a_source_is_unwell_and_a_container_is_not(tmp_path: Path) -> None:
    assert verify(tmp_path, "existing", "Normal").code == 0
    assert "no time source answers" in verify(tmp_path, "existing", "Not synchronised").errors
    assert verify(tmp_path, "incus", "Not synchronised").code == 0


@pytest.mark.parametrize("offset", ["0.051", "-0.2"])
def test_a_clock_that_is_off_is_unwell(tmp_path: Path, offset: str) -> None:
    assert f"the clock is {offset} s off" in verify(tmp_path, "existing", "Normal", offset).errors
