"""What would cost a quorum at once is shown, refused by plan and guard, and carried out one by one by apply."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from hacienda import terraform
from tests.cli.conftest import NODES, Project, make_project
from tests.provider.fake_incus import serving

ROOT = Path(__file__).parents[2]
PLANS = ROOT / "tests/review/plan/plans"


@pytest.fixture
def own(applied: Project, tmp_path: Path) -> Project:
    """A copy of `small`, applied, that a test may change as it likes."""
    return applied.copy(tmp_path / "project")


def taint(project: Project, *nodes: str) -> None:
    """Have members made anew, as a failed creation would."""
    folder = project.root / "cdktf.out/stacks/small-controller"
    for node in nodes:
        terraform.find().run(["taint", f"hacienda_member.{node}"], folder)


def installs(project: Project, node: str) -> int:
    """How often something was delivered to a node."""
    return len(list((project.machine(node) / "run").glob("hacienda-install-*.service")))


def test_three_of_three_are_replaced_one_by_one(own: Project) -> None:
    taint(own, *NODES)
    shown = own.run("plan", "small", code=4).stdout
    assert "small: REFUSED: ctl-1, ctl-2 and ctl-3 are replaced" in shown
    assert "none would remain; a majority takes 2" in shown
    assert 'resource "hacienda_member" "ctl-2"' in shown
    assert shown.index("1. replace ctl-1") < shown.index("3. replace ctl-3")
    done = own.run("apply", "small", "--yes")
    assert "applied in" in done.stdout
    steps = [line for line in done.stderr.splitlines() if "small-controller: step" in line]
    assert steps == [
        "small-controller: step 1 of 3: replace ctl-1",
        "small-controller: step 2 of 3: replace ctl-3",
        "small-controller: step 3 of 3: replace ctl-2",
    ], "who holds the virtual IP goes last"
    assert done.stderr.count("ctl-1, ctl-2, ctl-3 healthy after") == 3
    assert "No changes." in own.run("apply", "small", "--yes").stdout


@pytest.mark.long  # three in good order above; interrupted once more in tests/provider/test_interruptions.py
def test_an_interrupted_replacement_goes_on_where_it_was(own: Project) -> None:
    """What was asked for by hand is remembered: the second run is a plain apply."""
    arguments = ["apply", "small", "--yes", *(f"--replace={node}" for node in NODES)]
    process = subprocess.Popen(
        [sys.executable, "-m", "hacienda.cli", *arguments],
        cwd=own.root,
        env=own.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert any("step 2 of 3" in line for line in process.stderr), "it ended too early"
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert process.wait(timeout=300) in (3, 130), said
    assert "Traceback" not in said
    assert "applied in" in own.run("apply", "small", "--yes").stdout
    assert "No changes." in own.run("apply", "small", "--yes").stdout
    assert installs(own, "ctl-1") == 2, "the first one was not replaced twice"
    assert own.run("status", "small").stdout.count("small is well") == 1


def test_who_does_not_answer_counts_and_no_order_helps(own: Project) -> None:
    own.machine("ctl-3").rename(own.root / "unplugged")
    refused = own.run("apply", "small", "--yes", "--replace=ctl-1", code=4)
    assert "ctl-3 (unreachable)" in " ".join(refused.stderr.split())
    assert "Bring back the nodes that do not answer" in refused.stderr
    assert installs(own, "ctl-1") == 1


def test_a_node_that_is_none_is_told_so(own: Project) -> None:
    refused = own.run("apply", "small", "--yes", "--replace=ctl-9", code=2)
    assert "--replace = ctl-9: is no node of this environment" in refused.stderr


def test_two_machines_at_other_addresses_are_refused_and_one_is_not(own: Project) -> None:
    """Where machines are there already, a node's name says nothing of the machine that answers."""
    text = own.file.read_text()

    def declare(first: int, second: int) -> None:
        hosts = {"ctl-1": first, "ctl-2": second, "ctl-3": 13}
        nodes = "".join(f"      {name}: {{address: 192.0.2.{last}}}\n" for name, last in hosts.items())
        own.file.write_text(text.replace("  controller: 3\n", f"  controller:\n    nodes:\n{nodes}"))

    declare(111, 112)
    shown = own.run("apply", "small", "--yes", code=4)
    assert (
        "small: REFUSED: ctl-1 and ctl-2 are to get another address, which may belong to another machine"
        in shown.stderr
    )
    assert "Nothing was touched." in shown.stderr
    declare(111, 12)
    shown = own.run("plan", "small", "--summary")
    assert "small: every quorum safe: ctl-1 is to get another address" in shown.stdout


def test_the_guard_reads_a_saved_plan(own: Project) -> None:
    folder = own.root / "cdktf.out/stacks/small-controller"
    with mock.patch.dict(os.environ, own.environment):
        terraform.find().run(["plan", "-out=plan", "-replace=hacienda_member.ctl-2"], folder)
    shown = own.run("guard", "cdktf.out/stacks/small-controller/plan").stdout
    assert "small: every quorum safe: ctl-2 is replaced; etcd, galera and rabbitmq keep 2 of 3 voters" in shown


def test_the_guard_refuses_with_exit_code_4_and_bad_input_with_2(tmp_path: Path) -> None:
    project = Project(tmp_path)
    told = project.run("guard", str(PLANS / "replace-two.json"), code=4).stdout
    assert "region: REFUSED: ctl-1 and ctl-3 are replaced" in told
    assert project.run("guard", str(PLANS / "replace-two.json"), str(PLANS / "replace-two.json"), code=4).stdout == told
    assert json.loads(project.run("guard", str(PLANS / "replace-two.json"), "--json", code=4).stdout)["refused"]
    assert "every quorum safe" in project.run("guard", str(PLANS / "replace-one.json")).stdout
    both = [str(PLANS / f"{name}.json") for name in ("replace-one", "own-stack-two")]
    assert "database: REFUSED" in project.run("guard", *both, code=4).stdout
    assert "nowhere.json: No such file" in project.run("guard", "nowhere.json", code=2).stderr
    (tmp_path / "broken.json").write_text("{")
    assert "broken.json is no plan" in project.run("guard", "broken.json", code=2).stderr
    assert "standard input is no plan" in project.run("guard", "-", code=2).stderr


def test_a_service_is_given_up_in_the_name_of_the_environment(project: Project) -> None:
    plan = str(PLANS / "drop-from-all.json")
    told = project.run("guard", plan, code=4).stdout
    assert "set HACIENDA_ALLOW_DESTROY=region" in told
    project.extra["HACIENDA_ALLOW_DESTROY"] = "region"
    assert (
        "allowed on purpose: ctl-1, ctl-2 and ctl-3 are to leave galera in place" in project.run("guard", plan).stdout
    )


def test_the_guard_s_refusal_of_a_last_copy_can_be_accepted(tmp_path: Path) -> None:
    project = Project(tmp_path)
    plan = str(PLANS / "cache-both.json")
    services = ("haproxy", "keepalived", "memcached")
    assert "--accept" not in project.run("guard", plan, code=4).stderr
    project.run("guard", plan, *(f"--accept={name}" for name in services))


@pytest.mark.long  # the same steps as above, asked for in another way
def test_another_image_replaces_no_machine_until_asked_and_then_one_by_one(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    socket = tmp_path / "incus"
    nodes = tmp_path / "nodes"
    nodes.mkdir()
    project.extra = {"HACIENDA_TRANSPORT": f"tests.review.plan.plan_nodes:{nodes}", "PYTHONPATH": str(ROOT)}
    text = project.file.read_text()
    platform = "platform: {{type: incus, project: hacienda-small, socket: {socket}, image: {image}}}"
    text = text.replace("platform: {type: existing, known_hosts: known_hosts}", "PLATFORM")
    with serving(socket) as daemon:
        daemon.aliases.update(old="a" * 64, new="b" * 64)
        project.file.write_text(text.replace("PLATFORM", platform.format(socket=socket, image="old")))
        project.run("apply", "small", "--yes")
        project.file.write_text(text.replace("PLATFORM", platform.format(socket=socket, image="new")))
        daemon.requests.clear()
        assert "0 replaced" in project.run("apply", "small", "--yes").stderr
        assert "No changes." in project.run("apply", "small", "--yes").stdout
        shown = project.run("plan", "small", "--outdated", code=4).stdout
        assert "small: REFUSED: ctl-1, ctl-2 and ctl-3 are replaced" in shown
        assert not daemon.requests, "nothing was touched so far"
        assert "applied in" in project.run("apply", "small", "--yes", "--outdated").stdout
        requests = [words for words in daemon.requests if words.startswith(("DELETE", "POST /1.0/instances"))]
        assert "No changes." in project.run("apply", "small", "--yes", "--outdated").stdout
    deleted = [words.rpartition("/")[2] for words in requests if words.startswith("DELETE")]
    assert sorted(deleted) == sorted(NODES)
    assert [words.split()[0] for words in requests] == ["DELETE", "POST"] * 3, "the next one goes when this one is back"
