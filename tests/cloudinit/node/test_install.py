"""hacienda-apply on a machine that is only a folder."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hacienda import cloudinit
from hacienda.cloudinit.node import disk, install, manifest, paths
from hacienda.declare import NodeFile, Registry, Template
from hacienda.review import diff
from tests.cloudinit import sample
from tests.cloudinit.conftest import Machine, make_values


def changed_beta(**changes: Any) -> cloudinit.NodeOutput:
    """ctl-1 with another declaration of beta."""
    return sample.render(registry=Registry((sample.alpha, replace(sample.beta, **changes), sample.gamma)))


def other_limit(limit: int) -> cloudinit.NodeOutput:
    """ctl-1 with another content of alpha's file."""
    options = {**sample.cloud().options, "alpha": sample.AlphaOptions(limit=limit)}
    return sample.render(options=options)


@pytest.fixture
def installed(node: Machine) -> Machine:
    """A machine whose first installation is over, every service converged."""
    for folder in ("pending", "taken"):
        for path in (node.state / folder).glob("*"):
            path.unlink()
    return node


def test_files_secrets_and_folders_are_in_place(machine: Machine, values: dict[str, str]) -> None:
    output = sample.render()
    assert machine.deliver(output, values).returncode == 0
    conf = machine.root / "etc/beta/beta.conf"
    assert conf.read_text() == f"password {values['beta/admin']}\n"
    assert stat.S_IMODE(conf.stat().st_mode) == 0o640
    assert (machine.root / "etc/alpha/tls/key.pem").read_text() == values["x509/alpha/key.pem"]
    assert stat.S_IMODE((machine.root / "etc/alpha/tls").stat().st_mode) == 0o750
    keys = machine.root / "etc/beta/keys"
    assert {path.name: path.read_text() for path in keys.iterdir()} == json.loads(values["beta/keys"])
    assert stat.S_IMODE((machine.root / "etc/beta").stat().st_mode) == 0o755
    assert stat.S_IMODE((machine.state / "secrets/beta/admin").stat().st_mode) == 0o600
    assert stat.S_IMODE((machine.state / "secrets/beta").stat().st_mode) == 0o700


def test_status_tells_the_hashes_of_the_plan(machine: Machine, values: dict[str, str]) -> None:
    output = sample.render()
    digests = {name: secrets.token_hex(8) for name in output.secret_names}
    answer = machine.deliver(output, values, digests=digests)
    status = json.loads(answer.stdout)
    assert status == machine.status()
    assert status["files"] == output.file_hashes
    assert status["bundle_hash"] == output.bundle_hash
    assert status["secrets"] == digests
    assert (status["node"], status["environment"]) == ("ctl-1", "sample")
    assert (status["converged"], status["failed"], status["error"]) == (True, [], None)
    assert status["pending"] == {"alpha": "restart", "beta": "reload", "gamma": "converge"}


def test_no_secret_is_in_the_record_the_status_or_the_words(machine: Machine, values: dict[str, str]) -> None:
    answer = machine.deliver(sample.render(), values)
    said = answer.stdout + answer.stderr + (machine.state / "manifest.json").read_text() + "".join(machine.calls())
    for name, value in values.items():
        assert value not in said, name


def test_second_run_is_a_no_op(installed: Machine, values: dict[str, str]) -> None:
    before = (installed.state / "manifest.json").stat()
    for answer in (installed.deliver(sample.render(), values), installed.run("hacienda-apply", "install")):
        assert (answer.returncode, answer.stderr) == (0, "")
    assert (installed.state / "manifest.json").stat().st_mtime_ns == before.st_mtime_ns
    assert installed.status()["pending"] == {}
    assert [call for call in installed.calls() if " restart " in call or "daemon-reload" in call] == []


def test_changed_file_restarts_its_service_alone(installed: Machine, values: dict[str, str]) -> None:
    answer = installed.deliver(other_limit(8), values)
    assert answer.stderr == "/etc/alpha/alpha.conf: changed\n"
    assert installed.status()["pending"] == {"alpha": "restart"}
    calls = installed.calls()
    assert "systemctl restart --no-block hacienda-alpha.service" in calls
    assert not any("restart --no-block hacienda-beta.service" in call for call in calls)


@pytest.mark.parametrize("changed", [{"mode": 0o600}, {"group": "nogroup"}])
def test_changed_owner_or_mode_means_to_the_node_what_the_diff_says(
    installed: Machine, values: dict[str, str], changed: dict[str, Any]
) -> None:
    conf, *others = sample.beta.files
    output = changed_beta(files=(replace(conf, **changed), *others), users=("nogroup",))
    installed.deliver(output, values)
    found = diff.compare(*(diff.of_outputs([one]) for one in (sample.render(), output)))
    assert found.nodes[0].restarts == ("reload beta",)
    assert installed.status()["pending"] == {"beta": "reload"}


def test_changed_script_that_keeps_running_is_reloaded(
    installed: Machine, values: dict[str, str], tmp_path: Path
) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(sample.TEMPLATES, templates)
    for name in ("watch.sh", "join.sh"):
        script = templates / "beta" / name
        script.write_text(f"{script.read_text()}# changed\n")
    cloud = sample.cloud()
    installed.deliver(cloudinit.render(cloud, cloud.node("ctl-1"), sample.DEPLOYER, templates), values)
    assert installed.status()["pending"] == {"beta": "reload"}


def test_changed_secret_counts_as_a_changed_file(installed: Machine, values: dict[str, str]) -> None:
    fresh = {**values, "beta/admin": secrets.token_hex(16)}
    installed.deliver(sample.render(), fresh)
    assert installed.status()["pending"] == {"beta": "reload"}
    assert fresh["beta/admin"] in (installed.root / "etc/beta/beta.conf").read_text()


@pytest.mark.parametrize("name", ["database/gamma", "beta/owner"])
def test_changed_secret_that_no_file_holds_owes_its_owner_a_reconciliation(
    installed: Machine, values: dict[str, str], name: str
) -> None:
    fresh = {**values, name: secrets.token_hex(16)}
    installed.deliver(sample.render(), fresh)
    assert installed.status()["pending"] == {"beta": "converge"}
    assert "systemctl restart --no-block hacienda-beta.service" in installed.calls()
    (installed.state / "pending/beta").unlink()
    installed.deliver(sample.render(), fresh)
    assert installed.status()["pending"] == {}


def test_a_key_that_moves_to_another_name_is_never_missing(
    installed: Machine, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keystone's staged key becomes the primary one under a new number, while others sign with it already."""
    folder = installed.root / "etc/beta/keys"
    staged = (folder / "0").read_text()
    seen: list[set[str]] = []
    write = disk.write

    def watched(path: Path, *rest: Any) -> None:
        write(path, *rest)
        seen.append({one.read_text() for one in folder.iterdir()})

    monkeypatch.setattr(paths, "ROOT", installed.root)
    monkeypatch.setattr(disk, "write", watched)
    monkeypatch.setattr(disk, "make_directory", lambda *_: None)
    file = manifest.File("/etc/beta/keys", "0" * 64, "root", "root", 0o400, "beta", ("beta/keys",), "directory", "none")
    keys = {"0": b"newly staged", "1": (folder / "1").read_bytes(), "2": staged.encode()}
    monkeypatch.setattr(disk, "ids", lambda *_: (os.getuid(), os.getgid()))
    install._fill_folder(folder, file, keys)
    assert len(seen) == 3
    assert all(staged in texts for texts in seen)


def test_key_that_left_a_keyed_secret_is_removed(installed: Machine, values: dict[str, str]) -> None:
    keys = {"1": secrets.token_hex(8), "2": secrets.token_hex(8)}
    installed.deliver(sample.render(), {**values, "beta/keys": json.dumps(keys)})
    folder = installed.root / "etc/beta/keys"
    assert {path.name: path.read_text() for path in folder.iterdir()} == keys


def test_drift_shows_and_is_repaired(installed: Machine) -> None:
    conf, key, cookie = (installed.root / f"etc/{name}" for name in ("beta/beta.conf", "beta/keys/0", "alpha/cookie"))
    conf.chmod(0o666)
    key.write_text("somebody else's")
    cookie.unlink()
    found = installed.status()["files"]
    assert found["/etc/beta/beta.conf"].startswith("drifted:")
    assert found["/etc/beta/keys"].startswith("drifted:")
    assert found["/etc/alpha/cookie"] == "missing"
    assert installed.status()["converged"] is True
    assert installed.run("hacienda-apply", "install").returncode == 0
    assert installed.status()["files"] == sample.render().file_hashes
    assert installed.status()["pending"] == {"alpha": "restart", "beta": "reload"}


def test_drifted_secret_shows(installed: Machine) -> None:
    (installed.state / "secrets/beta/admin").write_text("changed by hand")
    (installed.state / "secrets/alpha/cookie").unlink()
    found = installed.status()["secrets"]
    assert found["beta/admin"].startswith("drifted:")
    assert found["alpha/cookie"] == "missing"


def test_file_that_left_the_manifest_is_removed(installed: Machine, values: dict[str, str]) -> None:
    kept = tuple(file for file in sample.beta.files if not isinstance(file, Template))
    installed.deliver(changed_beta(files=kept), values)
    assert not (installed.root / "etc/beta/beta.conf").exists()
    assert installed.status()["pending"] == {"beta": "reload"}


def test_service_that_left_the_node_is_stopped(installed: Machine, values: dict[str, str]) -> None:
    (installed.state / "done").mkdir(exist_ok=True)
    (installed.state / "done/beta").write_text("an-id\n")
    cloud = sample.cloud()
    without = replace(cloud.nodes[0], services=("alpha", "gamma"))
    wanted = {name: value for name, value in values.items() if not name.startswith(("beta/", "database/beta"))}
    installed.deliver(sample.render(nodes=(without, *cloud.nodes[1:])), wanted)
    assert "systemctl stop --no-block hacienda-beta.service beta.service beta-helper.service" in installed.calls()
    assert not (installed.root / "etc/systemd/system/hacienda-beta.service").exists()
    assert not (installed.root / "etc/beta/keys").exists()
    assert not (installed.state / "secrets/beta/admin").exists()
    assert not (installed.state / "done/beta").exists()
    assert "beta" not in installed.status()["pending"]


def test_units_start_by_the_target_and_daemons_never_by_themselves(machine: Machine, values: dict[str, str]) -> None:
    (machine.stubs / "units").mkdir()
    (machine.stubs / "units/beta.service").write_text("inactive dead success enabled\n")
    machine.deliver(sample.render(), values)
    calls = machine.calls()
    assert "systemctl disable beta.service" in calls
    assert "systemctl enable hacienda.target" in calls
    assert "systemctl start --no-block hacienda.target" in calls
    assert calls.index("systemctl daemon-reload") < calls.index("systemctl start --no-block hacienda.target")


def test_failed_oneshot_is_tried_again_and_counts(installed: Machine) -> None:
    (installed.stubs / "units/hacienda-beta.service").write_text("activating auto-restart exit-code disabled\n")
    status = installed.status()
    assert (status["converged"], status["failed"]) == (False, ["hacienda-beta.service"])
    installed.run("hacienda-apply", "install")
    assert "systemctl restart --no-block hacienda-beta.service" in installed.calls()


def test_activating_oneshot_is_no_failure_and_is_left_alone(installed: Machine) -> None:
    (installed.stubs / "units/hacienda-beta.service").write_text("activating start success disabled\n")
    assert installed.status()["converged"] is True
    installed.run("hacienda-apply", "install")
    assert "systemctl restart --no-block hacienda-beta.service" not in installed.calls()


def test_apt_s_own_settings_are_there_before_it_installs(machine: Machine, values: dict[str, str]) -> None:
    path = "/etc/apt/apt.conf.d/90proxy"
    (machine.stubs / "missing").write_text("beta\n")
    (machine.stubs / "offline").touch()
    output = changed_beta(node_files=lambda cloud, node: (NodeFile(path, "text\n", checker="text"),))
    assert machine.deliver(output, values).returncode != 0
    assert (machine.root / path[1:]).read_text() == "text\n"
    assert not (machine.root / "etc/beta/beta.conf").exists()


def test_missing_packages_install_without_starting_anything(machine: Machine, values: dict[str, str]) -> None:
    (machine.stubs / "missing").write_text("beta\n")
    machine.deliver(sample.render(), values)
    calls = machine.calls()
    assert [call.split()[-1] for call in calls if call.startswith("apt-get")] == ["update", "beta"]
    assert "policy exit 101" in calls
    assert not (machine.root / "usr/sbin/policy-rc.d").exists()


def test_policy_of_somebody_else_stays(machine: Machine, values: dict[str, str]) -> None:
    policy = machine.root / "usr/sbin/policy-rc.d"
    policy.parent.mkdir(parents=True)
    policy.write_text("#!/bin/sh\nexit 104\n")
    (machine.stubs / "missing").write_text("beta\n")
    machine.deliver(sample.render(), values)
    assert policy.read_text() == "#!/bin/sh\nexit 104\n"


def test_package_that_cannot_be_had_is_told_and_the_next_run_completes(
    machine: Machine, values: dict[str, str]
) -> None:
    (machine.stubs / "missing").write_text("beta\n")
    (machine.stubs / "offline").touch()
    answer = machine.deliver(sample.render(), values)
    assert answer.returncode == 3
    assert "Unable to locate package beta" in answer.stderr
    status = json.loads(answer.stdout)
    assert status["converged"] is False
    assert "Unable to locate package beta" in status["error"]
    (machine.stubs / "offline").unlink()
    assert machine.deliver(sample.render(), values).returncode == 0
    assert machine.status()["error"] is None


def test_cluster_record_is_kept_until_another_is_delivered(machine: Machine, values: dict[str, str]) -> None:
    machine.deliver(sample.render(), values)
    assert machine.status()["cluster"] == {}
    machine.deliver(sample.render(), values, cluster={"etcd": "42"})
    assert machine.status()["cluster"] == {"etcd": "42"}
    machine.deliver(sample.render(), values)
    assert machine.status()["cluster"] == {"etcd": "42"}


def test_secrets_stay_when_none_are_delivered(installed: Machine, values: dict[str, str]) -> None:
    assert installed.deliver(other_limit(9), None).returncode == 0
    assert (installed.state / "secrets/beta/admin").read_text() == values["beta/admin"]


def test_undelivered_secret_is_refused_before_anything_is_touched(machine: Machine, values: dict[str, str]) -> None:
    some = {name: value for name, value in values.items() if name != "beta/admin"}
    answer = machine.deliver(sample.render(), some)
    assert answer.returncode == 2
    assert "beta/admin" in answer.stderr
    assert not (machine.root / "etc").exists()


def test_bundle_of_another_node_is_refused(installed: Machine) -> None:
    output = sample.render("ctl-2")
    answer = installed.deliver(output, make_values(output))
    assert answer.returncode == 2
    assert "this is ctl-1, the bundle is for ctl-2" in answer.stderr
    assert installed.status()["node"] == "ctl-1"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"path": "/etc/../etc/passwd"}, "is not an absolute, plain path"),
        ({"path": "etc/passwd"}, "is not an absolute, plain path"),
        ({"sha256": "../../x"}, "is not a name"),
        ({"secrets": ["../../etc/shadow"]}, "is not a name"),
        ({"kind": "socket"}, "unknown kind"),
    ],
)
def test_manifest_out_of_bounds_is_refused(machine: Machine, entry: dict[str, Any], message: str) -> None:
    output = sample.render("cmp-1")
    delivery = machine.unpack(output, make_values(output))
    manifest = json.loads((delivery / "bundle/manifest.json").read_text())
    manifest["files"][0].update(entry)
    (delivery / "bundle/manifest.json").write_text(json.dumps(manifest))
    answer = machine.install(delivery)
    assert answer.returncode == 2
    assert message in answer.stderr


def test_content_that_does_not_match_its_hash_is_refused(machine: Machine) -> None:
    output = sample.render("cmp-1")
    delivery = machine.unpack(output, make_values(output))
    entry = next(file for file in output.manifest["files"] if file["path"].endswith("lib.sh"))
    (delivery / "bundle/files" / entry["sha256"]).write_text("cut off")
    answer = machine.install(delivery)
    assert (answer.returncode, "does not match its hash" in answer.stderr) == (2, True)


def test_nothing_delivered_yet_is_said(machine: Machine) -> None:
    output = sample.render("cmp-1")
    delivery = machine.unpack(output, make_values(output))
    answer = machine.install(None, program=delivery / "bundle/bin/hacienda-apply")
    assert (answer.returncode, answer.stderr) == (2, "bad bundle: nothing was delivered yet\n")


def test_users_exist_before_their_files_are_placed(machine: Machine, values: dict[str, str]) -> None:
    answer = machine.deliver(changed_beta(users=("beta-helper",)), values)
    assert answer.returncode == 0, answer.stderr
    declared = machine.root / "etc/sysusers.d/hacienda-beta.conf"
    assert declared.read_text() == 'u beta-helper - "Beta, the database"\n'
    assert f"systemd-sysusers {declared}" in machine.calls()
    placed = answer.stderr.splitlines()
    assert placed.index("/etc/sysusers.d/hacienda-beta.conf: new") < placed.index("/etc/beta/beta.conf: new")


def test_a_user_that_cannot_be_made_stops_the_installation(machine: Machine, values: dict[str, str]) -> None:
    (machine.stubs / "no-users").touch()
    answer = machine.deliver(changed_beta(users=("beta-helper",)), values)
    assert answer.returncode == 3
    assert "systemd-sysusers" in answer.stderr and "Failed to take lock" in answer.stderr
    assert not (machine.root / "etc/beta/beta.conf").exists()
