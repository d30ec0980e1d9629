"""One element for many machines says the same as a construct for each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hacienda.constructs import EnvironmentOutput, Gate, Machine, MachineGroup, Member
from hacienda.platforms import Platform
from tests.constructs.conftest import make_app

NAMES = ("ctl-1", "ctl-2", "ctl-3")


def test_a_group_says_what_its_machines_and_members_would(
    tmp_path: Path, lab: tuple[EnvironmentOutput, Platform]
) -> None:
    output, platform = lab
    single, group = make_app(tmp_path / "single", "lab"), make_app(tmp_path / "group", "lab")
    for name in NAMES:
        machine = Machine(single.stack, f"machine-{name}", output=output, name=name, platform=platform)
        Member(single.stack, f"member-{name}", output=output, name=name, machine=machine)
    MachineGroup(group.stack, "machines", output=output, platform=platform, names=NAMES)
    assert single.synth()["resource"] == group.synth()["resource"]


def test_a_member_waits_for_its_machine_and_the_gate_for_the_members(
    tmp_path: Path, lab: tuple[EnvironmentOutput, Platform]
) -> None:
    output, platform = lab
    app = make_app(tmp_path / "app", "lab")
    before = ("hacienda_incus_network.management",)
    group = MachineGroup(app.stack, "machines", output=output, platform=platform, names=NAMES, depends_on=before)
    Gate(app.stack, "controller", output=output, platform=platform, names=NAMES, depends_on=group.members)
    found = app.synth()["resource"]
    for name in NAMES:
        assert found["hacienda_incus_instance"][name]["depends_on"] == list(before)
        assert found["hacienda_member"][name]["machine"] == f"${{hacienda_incus_instance.{name}.id}}"
    gate = found["hacienda_gate"]["controller"]
    assert gate["depends_on"] == [f"hacienda_member.{name}" for name in NAMES]
    bundles = {name: found["hacienda_member"][name]["bundle_hash"] for name in NAMES}
    deliveries = {f"{name} installed": f"${{hacienda_member.{name}.installed}}" for name in NAMES}
    assert gate["triggers"] == bundles | deliveries
    assert set(gate["services"]) == {service.name for service in output.cloud.services}


def test_user_data_is_no_terraform_template(tmp_path: Path, lab: tuple[EnvironmentOutput, Platform]) -> None:
    output, platform = replace(lab[0], digests={"ctl-1": {}}), lab[1]
    app = make_app(tmp_path / "app", "lab")
    MachineGroup(app.stack, "machines", output=output, platform=platform, names=NAMES[:1])
    written = app.synth()["resource"]["hacienda_incus_instance"]["ctl-1"]["user_data"]
    text = output.nodes["ctl-1"].user_data
    assert written == text.replace("${", "$${").replace("%{", "%%{")
