"""lib.sh: what scripts build on."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from tests.cloudinit import sample
from tests.cloudinit.conftest import Machine, make_values


def bash(machine: Machine, text: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs a few lines after the library, as beta's script would."""
    script = f'. "$HACIENDA_ROOT/usr/lib/hacienda/lib.sh"\nload_service beta\n{text}\n'
    return subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        env=machine.environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_members_and_facts(node: Machine) -> None:
    answer = bash(node, 'member_names; member_address ctl-2; member_address ctl-9 || echo none; echo "$GREETING"')
    assert answer.stdout.splitlines() == ["ctl-1", "ctl-2", "ctl-3", "10.9.0.12", "none", "it's a 'quoted' $HOME"]


def test_secret_is_a_path_and_a_missing_one_is_said(node: Machine) -> None:
    assert bash(node, "secret beta/admin").stdout.strip() == str(node.state / "secrets/beta/admin")
    answer = bash(node, "path=$(secret beta/none); echo never")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "the secret beta/none is not on this node" in answer.stderr


@pytest.mark.parametrize("gone", ["secrets/database/gamma", "../../../etc/hacienda/accounts/database/beta.json"])
def test_inputs_that_cannot_be_read_have_no_hash(node: Machine, gone: str) -> None:
    """Neither the first nor the last of them: the rest would be hashed as if it were all."""
    whole = bash(node, "inputs_hash; said=$(inputs_hash) || exit 9; echo $said").stdout.split()
    assert len(set(whole)) == 1 and len(whole[0]) == 32
    (node.state / gone).unlink()
    answer = bash(node, "x() { wanted=$(inputs_hash) || return 1; echo $wanted; }; said=$(x) || exit 9; echo never")
    assert (answer.returncode, answer.stdout) == (9, "")


def test_wait_for_tries_again_and_tells_what_it_saw_last(node: Machine) -> None:
    answer = bash(
        node, "try() { echo not yet; [[ -e $STATE/ready ]] || { touch $STATE/ready; return 1; }; }; wait_for 5 it try"
    )
    assert answer.returncode == 0
    answer = bash(node, "try() { echo 'still nothing'; return 1; }; wait_for 1 'the daemon' try || echo gave up")
    assert answer.stdout == "gave up\n"
    assert "gave up after 1 s waiting for the daemon: still nothing" in answer.stderr


@pytest.mark.parametrize(
    ("held", "arguments", "code", "printed", "after"),
    [
        (None, "'' new", 0, "", "new"),
        ("new", "'' new", 0, "", "new"),  # the answer got lost, the change did not
        ("other", "'' new", 1, "other", "other"),
        ("old", "old new", 0, "", "new"),
        ("other", "old new", 1, "other", "other"),
        (None, "old new", 1, "", None),
        ("old", "old ''", 0, "", None),
        (None, "old ''", 0, "", None),
        ("other", "old ''", 1, "other", "other"),
    ],
)
def test_compare_and_swap(
    node: Machine, held: str | None, arguments: str, code: int, printed: str, after: str | None
) -> None:
    if held is not None:
        node.put("/hacienda/x", held)
    answer = bash(node, f"code=0; etcd_cas /hacienda/x {arguments} || code=$?; echo code $code")
    assert answer.stdout.split("\n")[:-1] == [*([printed] if code else []), f"code {code}"]
    assert node.etcd().get("/hacienda/x") == after


def test_unavailable_is_not_lost(node: Machine) -> None:
    (node.stubs / "no-etcd").touch()
    answer = bash(
        node,
        "for c in 'etcd_cas /k \"\" v' 'etcd_get /k' 'lock a/b' 'unlock a/b'; do x=0; eval $c || x=$?; echo $x; done",
    )
    assert answer.stdout.split() == ["2", "2", "2", "2"]


def test_values_that_could_be_read_as_commands_are_refused(node: Machine) -> None:
    answer = bash(node, "etcd_cas /k '' 'a\" b'")
    assert answer.returncode == 1
    assert "unsafe characters" in answer.stderr


def test_lock_is_reentrant_and_only_its_holder_gives_it_back(node: Machine) -> None:
    assert bash(node, "lock rolling/x; lock rolling/x; holds rolling/x").returncode == 0
    assert node.etcd()["/hacienda/rolling/x"] == "ctl-1"
    bash(node, "HACIENDA_NODE=ctl-2; unlock rolling/x")
    assert node.etcd()["/hacienda/rolling/x"] == "ctl-1"
    bash(node, "unlock rolling/x; ! holds rolling/x")
    assert node.etcd() == {}


def test_release_frees_locks_and_unfinished_claims_of_one_node(node: Machine) -> None:
    keys = {
        "/hacienda/rolling/a": "ctl-2",
        "/hacienda/rolling/b": "ctl-3",
        "/hacienda/reconcile/a": "ctl-2",
        "/hacienda/boot/a": "claimed:ctl-2",
        "/hacienda/boot/b": "done:x",
        "/hacienda/boot/c": "claimed:ctl-20",
    }
    for key, value in keys.items():
        node.put(key, value)
    assert bash(node, "release_node ctl-2").returncode == 0
    assert node.etcd() == {k: v for k, v in keys.items() if k[-1] in "bc"}
    (node.stubs / "no-etcd").touch()
    assert bash(node, "release_node ctl-2").returncode == 2


def test_node_without_etcd_says_so(machine: Machine) -> None:
    output = sample.render("cmp-1")
    machine.deliver(output, make_values(output))
    answer = bash(machine, "etcd_get /k", HACIENDA_ETCD_ENDPOINTS="").stderr
    assert "beta is not installed on this node" in answer


@pytest.mark.parametrize("text", ["0", "7", "1764350000", "999999999999999999"])
def test_a_number_is_what_it_is(node: Machine, text: str) -> None:
    assert bash(node, f"number '{text}' it").stdout == f"{text}\n"


def test_what_is_no_number_ends_the_script(node: Machine) -> None:
    wrong = ["", "-1", "08", "1 2", "x", "x[$(touch $STATE/mark)]", "1\n2", "1" * 19, "0x1", "\x1b[2J"]
    tries = "\n".join(f"(number {shlex.quote(text)} 'the size'; echo never) || echo ended" for text in wrong)
    answer = bash(node, tries)
    assert answer.stdout == "ended\n" * len(wrong)
    said = answer.stderr.splitlines()
    assert len(said) == len(wrong)
    assert all(line.startswith("the size is no number: ") for line in said)
    assert "\x1b" not in answer.stderr
    assert not (node.state / "mark").exists()


def test_a_service_is_no_path(node: Machine) -> None:
    answer = bash(node, "load_service ../../../tmp/x")
    assert answer.returncode == 1
    assert answer.stderr.startswith("../../../tmp/x is no service|")
