"""hacienda-converge: founding once, joining, restarting one at a time, reconciling once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cloudinit.conftest import Machine

BOOT, ROLLING, RECONCILE = "/hacienda/boot/beta", "/hacienda/rolling/beta", "/hacienda/reconcile/beta"


@pytest.fixture
def founded(node: Machine) -> Machine:
    """ctl-1 with beta founded and healthy."""
    assert converge(node) == 0
    (node.state / "test-calls").unlink()
    node.calls()
    return node


def converge(machine: Machine, service: str = "beta", **more: str) -> int:
    return machine.run("hacienda-converge", service, **more).returncode


def scripts(machine: Machine) -> list[str]:
    """Scripts that ran, in order."""
    path = machine.state / "test-calls"
    return path.read_text().splitlines() if path.exists() else []


def owe(machine: Machine, action: str, service: str = "beta") -> Path:
    path = machine.state / "pending" / service
    path.write_text(f"{action}\n")
    return path


def running(machine: Machine, *units: str) -> None:
    for unit in units:
        (machine.stubs / "units" / unit).write_text("active running success disabled\n")


def test_claimant_founds_and_tells_the_id(node: Machine) -> None:
    assert converge(node) == 0
    assert scripts(node) == ["bootstrap", "reconcile"]
    assert node.etcd()[BOOT] == "done:id-of-ctl-1"
    assert (node.state / "done/beta").read_text() == "id-of-ctl-1\n"
    assert "beta" not in node.status()["pending"]


def test_others_join_what_was_founded(node: Machine) -> None:
    node.put(BOOT, "done:abc-1")
    assert converge(node) == 0
    assert scripts(node)[0] == "join abc-1"
    assert (node.state / "done/beta").read_text() == "abc-1\n"


def test_others_wait_for_the_claimant(node: Machine) -> None:
    node.put(BOOT, "claimed:ctl-2")
    answer = node.run("hacienda-converge", "beta")
    assert answer.returncode == 1
    assert "waiting for ctl-2 to found beta" in answer.stderr
    assert scripts(node) == []
    assert node.etcd()[BOOT] == "claimed:ctl-2"


def test_claimant_resumes_after_a_crash(node: Machine) -> None:
    node.put(BOOT, "claimed:ctl-1")
    assert converge(node) == 0
    assert scripts(node)[0] == "bootstrap"


def test_crash_between_founding_and_the_local_mark_ends_in_a_join(node: Machine) -> None:
    node.put(BOOT, "done:id-of-ctl-1")
    running(node, "beta.service", "beta-helper.service")
    assert converge(node) == 0
    assert scripts(node)[0] == "join id-of-ctl-1"


def test_failed_bootstrap_keeps_the_claim(node: Machine) -> None:
    (node.root / "usr/lib/hacienda/beta/bootstrap.sh").write_text("#!/bin/bash\nexit 1\n")
    assert converge(node) == 1
    assert node.etcd()[BOOT] == "claimed:ctl-1"
    assert not (node.state / "done/beta").exists()


def test_bootstrap_that_tells_no_id_is_a_failure(node: Machine) -> None:
    (node.root / "usr/lib/hacienda/beta/bootstrap.sh").write_text("#!/bin/bash\necho 'no id: sorry'\n")
    assert converge(node) == 1
    assert node.etcd()[BOOT] == "claimed:ctl-1"


def test_first_start_waits_for_etcd(node: Machine) -> None:
    (node.stubs / "no-etcd").touch()
    answer = node.run("hacienda-converge", "beta")
    assert answer.returncode == 1
    assert "waiting for etcd: Error: context deadline exceeded" in answer.stderr
    assert scripts(node) == []


def test_later_start_needs_no_etcd(founded: Machine) -> None:
    (founded.stubs / "no-etcd").touch()
    for unit in ("beta.service", "beta-helper.service"):
        (founded.stubs / "units" / unit).unlink()
    assert converge(founded) == 0
    assert scripts(founded) == ["join id-of-ctl-1"]
    calls = founded.calls()
    asked = [number for number, call in enumerate(calls) if call.startswith("etcdctl")]
    assert all(number > calls.index("systemctl start beta.service beta-helper.service") for number in asked)


def test_second_run_is_a_no_op(founded: Machine) -> None:
    assert converge(founded) == 0
    assert scripts(founded) == []
    calls = [call for call in founded.calls() if "is-active" not in call]
    assert calls == [f"etcdctl get --print-value-only {BOOT}"]


def test_etcd_that_forgot_is_told_again(founded: Machine) -> None:
    (founded.stubs / "etcd" / BOOT.replace("/", "%")).unlink()
    assert converge(founded) == 0
    assert founded.etcd()[BOOT] == "done:id-of-ctl-1"


@pytest.mark.parametrize("held", ["done:another", "claimed:ctl-2"])
def test_second_founding_beside_this_nodes_data_is_said(founded: Machine, held: str) -> None:
    founded.put(BOOT, held)
    answer = founded.run("hacienda-converge", "beta")
    assert answer.returncode == 1
    assert f"this node belongs to id-of-ctl-1, but etcd says {held}" in answer.stderr
    assert founded.etcd()[BOOT] == held


def test_owed_restart_takes_the_lock_and_gives_it_back_when_healthy(founded: Machine) -> None:
    owe(founded, "restart")
    assert converge(founded) == 0
    assert scripts(founded) == ["join id-of-ctl-1"]
    calls = founded.calls()
    assert "systemctl stop beta.service beta-helper.service" in calls
    assert ROLLING not in founded.etcd()
    assert not (founded.state / "pending/beta").exists()
    assert not list((founded.state / "taken").iterdir())


def test_restart_waits_for_the_node_that_holds_the_lock(founded: Machine) -> None:
    founded.put(ROLLING, "ctl-2")
    owe(founded, "restart")
    answer = founded.run("hacienda-converge", "beta")
    assert answer.returncode == 1
    assert "waiting for ctl-2 to release rolling/beta" in answer.stderr
    assert not any(" stop " in call for call in founded.calls())
    assert founded.status()["pending"]["beta"] == "restart"


def test_lock_is_kept_while_unwell_and_given_back_once_healthy(founded: Machine) -> None:
    (founded.state / "test-beta").write_text("not in sync|wait")
    owe(founded, "restart")
    assert converge(founded) == 1
    assert founded.etcd()[ROLLING] == "ctl-1"
    (founded.state / "test-beta").unlink()
    assert converge(founded) == 0
    assert ROLLING not in founded.etcd()


def test_no_restart_without_the_lock(founded: Machine) -> None:
    (founded.stubs / "no-etcd").touch()
    owe(founded, "restart")
    assert converge(founded) == 1
    assert not any(" stop " in call for call in founded.calls())


def test_coordination_itself_restarts_without_quorum(node: Machine) -> None:
    running(node, "alpha.service")
    (node.state / "pending/alpha").unlink()
    assert converge(node, "alpha") == 0
    (node.stubs / "no-etcd").touch()
    owe(node, "restart", "alpha")
    node.calls()
    assert node.run("hacienda-converge", "alpha").returncode == 1  # the lock may still be held: told, and tried again
    assert "systemctl restart alpha.service" in node.calls()
    (node.stubs / "no-etcd").unlink()
    assert converge(node, "alpha") == 0
    assert "systemctl restart alpha.service" not in node.calls()


def test_may_stop_holds_a_restart_back(founded: Machine) -> None:
    guard = founded.root / "usr/lib/hacienda/beta/may-stop.sh"
    guard.write_text("#!/bin/bash\necho 'only 1 of 3 left'\nexit 1\n")
    guard.chmod(0o755)
    owe(founded, "restart")
    answer = founded.run("hacienda-converge", "beta")
    assert answer.returncode == 1
    assert "only 1 of 3 left" in answer.stderr
    assert not any(" stop " in call for call in founded.calls())


@pytest.fixture
def copies(founded: Machine) -> Machine:
    """ctl-1 whose beta holds copies: no lock, but scripts that are asked before and after a restart."""
    facts = founded.root / "etc/hacienda/services/beta.env"
    facts.write_text(facts.read_text().replace("HACIENDA_ROLLING=1", "HACIENDA_ROLLING=0"))
    for name in ("may-stop", "settled"):
        script = founded.root / f"usr/lib/hacienda/beta/{name}.sh"
        script.write_text(
            f'#!/bin/bash\necho {name} >>"$STATE/test-calls"\n'
            f'[[ ! -e $STATE/no-{name} ]] || {{ echo "no {name}"; exit 1; }}\n'.replace("$STATE", str(founded.state))
        )
        script.chmod(0o755)
    return founded


def test_a_member_with_copies_asks_before_a_restart_and_waits_for_them_afterwards(copies: Machine) -> None:
    (copies.stubs / "no-etcd").touch()
    owe(copies, "restart")
    assert converge(copies) == 0, "it needs no lock"
    assert scripts(copies) == ["may-stop", "join id-of-ctl-1", "settled"]
    assert "beta" not in copies.status()["pending"]
    assert converge(copies) == 0
    assert scripts(copies)[3:] == [], "only a restart has to settle"


def test_a_member_whose_copies_are_needed_does_not_restart(copies: Machine) -> None:
    (copies.state / "no-may-stop").touch()
    owe(copies, "restart")
    answer = copies.run("hacienda-converge", "beta")
    assert answer.returncode == 1
    assert "stopping this member would cost the quorum, or too many copies" in answer.stderr
    assert not any(" stop " in call for call in copies.calls())
    assert copies.status()["pending"]["beta"] == "restart"


def test_a_member_is_not_done_before_its_copies_are_complete_even_after_a_power_cut(copies: Machine) -> None:
    (copies.state / "no-settled").touch()
    owe(copies, "restart")
    assert converge(copies) == 1
    assert copies.status()["pending"] == {"beta": "converge", **_others(copies)}
    assert converge(copies) == 1, "the next boot still waits"
    (copies.state / "no-settled").unlink()
    assert converge(copies) == 0
    assert "beta" not in copies.status()["pending"]
    assert scripts(copies).count("join id-of-ctl-1") == 1, "it is not restarted twice"


def _others(machine: Machine) -> dict[str, str]:
    return {name: owed for name, owed in machine.status()["pending"].items() if name != "beta"}


def test_reload_needs_no_lock_unless_the_daemon_cannot(founded: Machine) -> None:
    owe(founded, "reload")
    assert converge(founded) == 0
    calls = founded.calls()
    assert "systemctl reload beta-helper.service beta.service" in calls
    assert not any("txn" in call for call in calls)
    (founded.stubs / "not-reloadable").touch()
    owe(founded, "reload")
    assert converge(founded) == 0
    assert "systemctl stop beta.service beta-helper.service" in founded.calls()


def test_what_is_owed_survives_a_crash_of_the_convergence(founded: Machine) -> None:
    taken = founded.state / "taken"
    (taken / "beta").write_text("reload\n")
    (taken / "beta.new").write_text("restart\n")
    owe(founded, "converge")
    assert converge(founded) == 0
    assert "systemctl stop beta.service beta-helper.service" in founded.calls()
    assert founded.status()["pending"].get("beta") is None


def test_note_that_arrives_meanwhile_is_done_as_well(founded: Machine) -> None:
    late = founded.state / "pending/beta"
    script = founded.root / "usr/lib/hacienda/beta/verify.sh"
    once = f'#!/bin/bash\n[[ -e "{late}.once" ]] || {{ echo reload >"{late}"; touch "{late}.once"; }}\necho fine\n'
    script.write_text(once)
    owe(founded, "restart")
    assert converge(founded) == 0
    calls = founded.calls()
    assert calls.index("systemctl stop beta.service beta-helper.service") < calls.index(
        "systemctl reload beta-helper.service beta.service"
    )


def test_reconciles_once_for_all_nodes(founded: Machine) -> None:
    mark = founded.etcd()["/hacienda/reconciled/beta"]
    (founded.state / "reconciled/beta").unlink()
    assert converge(founded) == 0
    assert scripts(founded) == []
    assert (founded.state / "reconciled/beta").read_text().strip() == mark


def test_changed_password_is_reconciled_and_locks_are_given_back(founded: Machine) -> None:
    (founded.state / "secrets/database/gamma").write_text("another one")
    assert converge(founded) == 0
    assert scripts(founded) == ["reconcile"]
    assert RECONCILE not in founded.etcd()


def test_node_with_yesterdays_bundle_does_not_reconcile_backwards(founded: Machine) -> None:
    founded.put("/hacienda/reconciled/beta", "todays")
    assert converge(founded) == 0
    assert scripts(founded) == []
    assert founded.etcd()["/hacienda/reconciled/beta"] == "todays"


def watch_health(machine: Machine) -> Path:
    """Has the health script note what it is told."""
    seen = machine.state / "test-health"
    script = machine.root / "usr/lib/hacienda/beta/verify.sh"
    script.write_text(f'#!/bin/bash\necho "$*$HACIENDA_UNRECONCILED $(ls {machine.state}/taken)" >>"{seen}"\n')
    return seen


def test_health_is_asked_without_what_is_about_to_be_reconciled_and_then_with_it(founded: Machine) -> None:
    seen = watch_health(founded)
    (founded.state / "secrets/database/gamma").write_text("another one")
    owe(founded, "converge")
    assert converge(founded) == 0
    assert seen.read_text().splitlines() == ["--local1 beta", "--local beta"]
    assert "beta" not in founded.status()["pending"], "the note goes at the end"
    seen.unlink()
    assert converge(founded) == 0
    assert seen.read_text().splitlines() == ["--local "], "nothing is owed"


def test_a_service_that_is_reconciling_still_owes_it(founded: Machine) -> None:
    (founded.state / "secrets/database/gamma").write_text("another one")
    (founded.root / "usr/lib/hacienda/beta/reconcile.sh").write_text("#!/bin/bash\nexit 1\n")
    owe(founded, "restart")
    assert converge(founded) == 1
    assert founded.status()["pending"]["beta"] == "converge", "its daemons had their restart"


def test_what_is_not_urgent_is_started_once_it_has_converged_and_not_waited_for(founded: Machine) -> None:
    facts = founded.root / "etc/hacienda/services/beta.env"
    facts.write_text(facts.read_text().replace("HACIENDA_AFTERWARDS=''", "HACIENDA_AFTERWARDS='beta-check.service'"))
    assert converge(founded) == 0
    assert founded.calls()[-1] == "systemctl start --no-block beta-check.service"
    verify = founded.root / "usr/lib/hacienda/beta/verify.sh"
    verify.write_text("#!/bin/bash\nexit 1\n")
    assert converge(founded) == 1
    assert not any("beta-check" in call for call in founded.calls())


def consumer(machine: Machine) -> None:
    """Makes gamma, an account of beta's, a service with a daemon that runs."""
    facts = machine.root / "etc/hacienda/services/gamma.env"
    facts.write_text(facts.read_text().replace("HACIENDA_UNITS=''", "HACIENDA_UNITS='gamma.service'"))
    running(machine, "gamma.service")
    (machine.state / "done").mkdir(exist_ok=True)
    (machine.state / "done/gamma").write_text("-\n")


@pytest.mark.parametrize("owed", ["restart", "reload"])
@pytest.mark.parametrize("folder", ["pending", "taken"])
def test_a_daemon_is_not_given_a_password_before_it_is_accepted(founded: Machine, owed: str, folder: str) -> None:
    consumer(founded)
    owe(founded, owed, "gamma")
    (founded.state / folder / "beta").write_text("converge\n")
    answer = founded.run("hacienda-converge", "gamma")
    assert answer.returncode == 1
    assert "waiting for beta to accept what changed: beta is at work" in answer.stderr
    assert not any(f" {owed} gamma" in call for call in founded.calls())
    (founded.state / folder / "beta").unlink()
    assert converge(founded, "gamma") == 0
    assert f"systemctl {owed} gamma.service" in founded.calls()


def test_a_start_waits_for_nobody(founded: Machine) -> None:
    consumer(founded)
    (founded.stubs / "units/gamma.service").unlink()
    (founded.state / "pending/beta").write_text("converge\n")
    assert converge(founded, "gamma") == 0


RETIRED = "/hacienda/retired/beta"


def retire(machine: Machine, *services: str) -> int:
    return machine.run("hacienda-retire", *services).returncode


def test_former_values_are_retired_once_for_all_nodes(founded: Machine) -> None:
    script = founded.root / "usr/lib/hacienda/beta/reconcile.sh"
    script.write_text(script.read_text().replace("echo reconcile", 'echo "reconcile $*"'))
    assert converge(founded) == 0  # the script is an input
    (founded.state / "test-calls").unlink()
    assert retire(founded) == 0
    assert scripts(founded) == ["reconcile --retire"]
    assert founded.etcd()[RETIRED] == founded.etcd()["/hacienda/reconciled/beta"]
    assert RECONCILE not in founded.etcd()
    assert retire(founded, "beta") == 0
    assert scripts(founded) == ["reconcile --retire"]


def test_nothing_is_retired_before_the_new_value_is_in_force(founded: Machine) -> None:
    (founded.state / "secrets/database/gamma").write_text("another one")
    answer = founded.run("hacienda-retire", "beta")
    assert answer.returncode == 1
    assert "beta: what this node holds is not in force yet" in answer.stderr
    assert RETIRED not in founded.etcd()


def test_a_retirement_that_fails_is_done_again(founded: Machine) -> None:
    script = founded.root / "usr/lib/hacienda/beta/reconcile.sh"
    whole = script.read_text()
    script.write_text("#!/bin/bash\n[[ -z ${1:-} ]]\n")
    assert converge(founded) == 0
    assert retire(founded, "beta") != 0
    assert RETIRED not in founded.etcd()
    script.write_text(whole)
    assert converge(founded) == 0
    assert retire(founded, "beta") == 0
    assert RETIRED in founded.etcd()


def test_service_without_units_or_scripts_of_its_own(node: Machine) -> None:
    assert converge(node, "gamma") == 0
    assert (node.state / "done/gamma").exists()


def test_unknown_service_is_said(node: Machine) -> None:
    answer = node.run("hacienda-converge", "delta")
    assert (answer.returncode, answer.stderr) == (
        1,
        "delta is not installed on this node|deploy the environment again\n",
    )


@pytest.fixture
def prepared(node: Machine) -> Machine:
    """An installed ctl-1 whose services prepare each start."""
    for service in ("alpha", "beta"):
        life(node, service, "prepare", 'echo prepare >>"$HACIENDA_ROOT/var/lib/hacienda/test-calls"')
    return node


def life(node: Machine, service: str, step: str, command: str) -> None:
    """The service gets a script for a step of its life."""
    facts = node.root / f"etc/hacienda/services/{service}.env"
    declared = f"HACIENDA_{step.upper()}="
    assert f"{declared}''" in facts.read_text()
    facts.write_text(facts.read_text().replace(f"{declared}''", f"{declared}{step}.sh"))
    script = node.root / f"usr/lib/hacienda/{service}/{step}.sh"
    script.write_text(f"#!/bin/bash\n{command}\n")
    script.chmod(0o755)


def test_each_start_is_prepared(prepared: Machine) -> None:
    assert converge(prepared) == 0
    assert scripts(prepared) == ["prepare", "bootstrap", "reconcile"]
    owe(prepared, "reload")
    assert converge(prepared) == 0
    assert scripts(prepared)[3:] == [], "the daemons keep running"
    owe(prepared, "restart")
    assert converge(prepared) == 0
    assert scripts(prepared)[3:] == ["prepare", "join id-of-ctl-1"]


def test_a_start_without_a_script_is_prepared(prepared: Machine) -> None:
    assert converge(prepared, "alpha") == 0
    assert scripts(prepared) == ["prepare"]
    owe(prepared, "restart", "alpha")
    assert converge(prepared, "alpha") == 0
    assert scripts(prepared) == ["prepare", "prepare"]


def test_nothing_starts_unprepared(node: Machine) -> None:
    life(node, "beta", "prepare", "exit 1")
    assert converge(node) == 1
    assert scripts(node) == []
    assert not [call for call in node.calls() if "start beta" in call]


MIGRATE = "/hacienda/migrate/beta/epoxy"


@pytest.fixture
def migrating(node: Machine) -> Machine:
    """An installed ctl-1 whose beta has to be migrated once per release."""
    life(
        node,
        "beta",
        "migrate",
        'echo "migrate $*${HACIENDA_FIRST:+first}" >>"$HACIENDA_ROOT/var/lib/hacienda/test-calls"',
    )
    return node


def release(node: Machine, name: str) -> None:
    """The node gets the bundle of another release."""
    facts = node.root / "etc/hacienda/node.env"
    facts.write_text(facts.read_text().replace("HACIENDA_RELEASE=epoxy", f"HACIENDA_RELEASE={name}"))


def test_one_node_migrates_before_anything_starts(migrating: Machine) -> None:
    assert converge(migrating) == 0
    assert scripts(migrating) == ["migrate first", "bootstrap", "reconcile"]
    assert migrating.etcd()[MIGRATE] == "done:ctl-1"
    assert converge(migrating) == 0
    assert scripts(migrating).count("migrate first") == 1


def test_others_wait_until_it_is_migrated(migrating: Machine) -> None:
    migrating.put(MIGRATE, "claimed:ctl-2")
    answer = migrating.run("hacienda-converge", "beta")
    assert answer.returncode == 1
    assert "waiting for ctl-2 to migrate beta to epoxy" in answer.stderr
    assert scripts(migrating) == []
    migrating.put(MIGRATE, "done:ctl-2")
    assert converge(migrating) == 0
    assert scripts(migrating) == ["bootstrap", "reconcile"]


def test_a_migration_resumes_after_a_crash(migrating: Machine) -> None:
    migrating.put(MIGRATE, "claimed:ctl-1")
    assert converge(migrating) == 0
    assert scripts(migrating)[0] == "migrate first"


def test_another_release_is_migrated_before_its_code_restarts(migrating: Machine) -> None:
    assert converge(migrating) == 0
    release(migrating, "flamingo")
    owe(migrating, "restart")
    assert converge(migrating) == 0
    assert scripts(migrating)[3:] == ["migrate ", "join id-of-ctl-1"]
    assert migrating.etcd()["/hacienda/migrate/beta/flamingo"] == "done:ctl-1"


def test_the_last_member_of_a_release_ends_its_migration(migrating: Machine) -> None:
    assert converge(migrating) == 0
    release(migrating, "flamingo")
    assert converge(migrating) == 0
    assert "migrate --online" not in scripts(migrating)
    for other in ("ctl-2", "ctl-3"):
        migrating.put(f"/hacienda/release/beta/{other}", "flamingo")
    assert converge(migrating) == 0
    assert converge(migrating) == 0
    assert scripts(migrating).count("migrate --online") == 1


def test_a_first_release_has_nothing_to_end(migrating: Machine) -> None:
    for other in ("ctl-2", "ctl-3"):
        migrating.put(f"/hacienda/release/beta/{other}", "epoxy")
    assert converge(migrating) == 0
    assert "migrate --online" not in scripts(migrating)
