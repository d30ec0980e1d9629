"""No secret where it does not belong: user-data, plan, state, logs, process arguments."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.lab.cloud import CONTROLLERS, Lab, arguments_of_processes


def found_in(text: str, store: dict[str, str]) -> set[str]:
    """Names of the secrets whose value, or any line of it that is long enough to be one, is in a text."""
    return {
        name
        for name, value in store.items()
        for line in value.splitlines()
        if len(line) >= 20
        and not line.startswith("-----")
        and not name.endswith((".crt", "cert.pem", "ca.pem"))
        and line in text
    }


def files_below(folder: Path) -> str:
    return "\n".join(path.read_bytes().decode("latin-1") for path in sorted(folder.rglob("*")) if path.is_file())


def test_nothing_the_deployer_writes_holds_a_secret(healthy: Lab) -> None:
    store = dict(healthy.store)
    assert len(store) > 10
    assert found_in(files_below(healthy.root / "cdktf.out"), store) == set()
    assert found_in(files_below(healthy.root / ".hacienda/lab/state"), store) == set()


def test_a_saved_plan_holds_no_secret(healthy: Lab, tmp_path: Path) -> None:
    saved = tmp_path / "plan"
    planned = healthy.terraform("controller", "plan", "-out", str(saved), "-replace=hacienda_member.ctl-1")
    assert planned.returncode == 0, planned.stderr
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(saved).extractall(unpacked)
    assert found_in(files_below(unpacked), dict(healthy.store)) == set()


def test_nodes_show_no_secret_in_user_data_journal_or_arguments(healthy: Lab) -> None:
    store = dict(healthy.store)
    for node in CONTROLLERS:
        assert found_in(healthy.incus("config", "show", node), store) == set()
        assert found_in(healthy.on(node, "journalctl", "--no-pager", "-o", "cat"), store) == set()
        assert found_in("\n".join(arguments_of_processes(healthy, node)), store) == set()


def test_each_node_is_given_only_its_own(healthy: Lab) -> None:
    for node in CONTROLLERS:
        given = healthy.on(node, "find", "/var/lib/hacienda/secrets", "-type", "f", "-printf", "%P\n").split()
        others = {name for name in given if name.startswith("nodes/") and not name.startswith(f"nodes/{node}/")}
        assert not others
        assert not [name for name in given if name.startswith("x509/authority/")]
