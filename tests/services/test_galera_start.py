"""How MariaDB is started: a unit and an option file of the project's own, and nothing that a package keeps to itself."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from hacienda.cloud import Cloud
from tests.services import composed
from tests.services.sandbox import Outcome, Sandbox

UNIT = "/etc/systemd/system/mariadb.service"
OPTIONS = "/run/hacienda/galera.cnf"
UUID = "99ae80bd-e5a6-11f1-97f8-bbad0d8f51e9"
BLANK = "00000000-0000-0000-0000-000000000000"

SYSTEMCTL = r"""
case "$*" in
  *is-active*mariadb.service) [[ -e $STATE_DIR/mariadb ]] ;;
  *is-active*) ;;
  "start mariadb.service") "$HACIENDA_ROOT/usr/lib/hacienda/galera/options.sh" && touch "$STATE_DIR/mariadb" ;;
esac
"""
# The other two servers say what lies in a file of their address; the local one is Primary and Synced once it runs.
CURL = 'url=${@: -1}; host=${url#https://}; cat "$STATE_DIR/${host%%:*}" 2>/dev/null'
MARIADB = r'printf "wsrep_cluster_status\tPrimary\nwsrep_local_state\t4\nwsrep_cluster_state_uuid\tx\n"'
ETCDCTL = rf"""
case "$*" in
  *"lease grant"*) echo "lease 12ab granted with TTL(60s)" ;;
  *txn*) echo SUCCESS ;;
  *position/) printf '/hacienda/galera/position/%s\n{UUID}:%s\n' ctl-1 9 ctl-2 7 ctl-3 7 ;;
esac
"""


def node(folder: Path, recovery: str = f"echo 'x [Note] WSREP: Recovered position: {UUID}:9' >&2") -> Sandbox:
    """ctl-1, its server stopped, with data unless the test takes it away."""
    programs = {
        "curl": CURL,
        "etcdctl": ETCDCTL,
        "mariadb": MARIADB,
        "mariadbd": recovery,
        "systemctl": SYSTEMCTL,
        "sleep": "",
    }
    box = Sandbox(folder, composed.cloud(folder), "ctl-1", "galera", programs)
    (box.root / "var/lib/mysql/mysql").mkdir(parents=True)
    return box


def primary(box: Sandbox, address: str, clients: int) -> None:
    (box.state / address).write_text(f'{{"wsrep_cluster_status": "Primary", "threads_connected": "{clients}"}}')


def options(box: Sandbox) -> dict[str, str]:
    """What the server was started with, without its configuration."""
    lines = (box.root / OPTIONS.lstrip("/")).read_text().splitlines()
    assert lines[1] == "[mariadbd]"
    pairs = (line.partition("=") for line in lines[2:] if line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def restarted(box: Sandbox) -> Outcome:
    """What systemd does before the server at `systemctl restart mariadb`."""
    return box.run("options.sh")


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


@pytest.fixture(name="box")
def _box(tmp_path: Path) -> Sandbox:
    return node(tmp_path)


def test_the_unit_is_whole_and_reads_what_only_root_writes(lab: Cloud) -> None:
    files = composed.rendered(lab, "galera")
    assert not [path for path in files if "mariadb.service.d" in path]
    unit = files[UNIT].text
    settings = [line.partition("=")[::2] for line in unit.splitlines() if "=" in line and not line.startswith("#")]
    starts = [value for key, value in settings if key == "ExecStart"]
    assert starts == [f"/usr/sbin/mariadbd --defaults-extra-file={OPTIONS}"]
    assert ("ExecStartPre", "+/usr/lib/hacienda/galera/options.sh") in settings
    assert not [key for key, _ in settings if key in {"EnvironmentFile", "ExecStartPost", "PassEnvironment"}]
    of_mysql = {"/var/lib/mysql", "/var/log/mysql", *(f"/run/{value}" for key, value in settings if "Directory" in key)}
    assert "/run/mysqld" in of_mysql
    assert not of_mysql & {str(folder) for folder in PurePosixPath(OPTIONS).parents}


@pytest.mark.parametrize(
    "private",
    [r"_WSREP_", r"wsrep-new-cluster\b(?!\s)", "MYSQLD_OPTS", "galera_recovery", "galera_new_cluster", "debian-start"],
)
def test_no_name_that_the_package_keeps_to_itself_is_used(private: str) -> None:
    assert not [path.name for path in composed.sources("galera") if re.search(private, path.read_text())]


def test_the_founder_of_a_blank_environment_founds_once(box: Sandbox) -> None:
    (box.root / "var/lib/mysql/mysql").rmdir()
    outcome = box.run("bootstrap.sh")
    assert outcome.code == 0, outcome.errors
    assert options(box) == {"wsrep_start_position": f"{BLANK}:-1", "wsrep_new_cluster": ""}
    assert restarted(box).code == 0
    assert "wsrep_new_cluster" not in options(box)


def test_who_joins_starts_at_its_position_and_asks_the_peer_with_the_fewest_clients(box: Sandbox) -> None:
    primary(box, "10.77.0.12", clients=40)
    primary(box, "10.77.0.13", clients=2)
    outcome = box.run("join.sh")
    assert outcome.code == 0, outcome.errors
    assert options(box) == {"wsrep_start_position": f"{UUID}:9", "wsrep_sst_donor": "ctl-3,"}
    assert restarted(box).code == 0
    assert options(box) == {"wsrep_start_position": f"{UUID}:9"}


def test_after_a_power_cut_of_all_the_founder_says_so_and_mysql_writes_the_mark(box: Sandbox) -> None:
    outcome = box.run("join.sh")
    assert outcome.code == 0, outcome.errors
    assert options(box) == {"wsrep_start_position": f"{UUID}:9", "wsrep_new_cluster": ""}
    mark = box.root / "var/lib/mysql/grastate.dat"
    assert re.search(rf"uuid: +{UUID}\nseqno: +9\nsafe_to_bootstrap: 1\n", mark.read_text())
    as_mysql = [call for call in box.calls("setpriv") if "--reuid=mysql --regid=mysql" in call]
    assert [call for call in as_mysql if call.endswith(f"tee {mark}")]
    (recovery, *_) = [call for call in as_mysql if "mariadbd --wsrep-recover" in call]
    # Stopped in order, the server takes /run/mysqld with it: a recovery that binds its socket there fails.
    assert "--skip-networking" in recovery
    assert f"--socket={box.root}/var/lib/mysql/recovery.sock" in recovery
    assert f"--pid-file={box.root}/var/lib/mysql/recovery.pid" in recovery


def test_nothing_of_a_start_that_failed_is_left_for_the_next(box: Sandbox) -> None:
    broken = box.state / "bin/systemctl"
    broken.write_text('#!/bin/bash\n[[ "$*" == "reset-failed"* ]]\n')
    primary(box, "10.77.0.12", clients=1)
    outcome = box.run("join.sh")
    assert outcome.code == 1
    assert not (box.root / "run/hacienda/galera.asked").exists()


def test_data_that_cannot_be_recovered_is_said_and_kept(tmp_path: Path) -> None:
    box = node(tmp_path, recovery='echo "InnoDB: corrupted" >&2; exit 1')
    outcome = box.run("join.sh")
    assert outcome.code == 1
    assert "InnoDB: corrupted" in outcome.errors
    assert "the local database files cannot be recovered|" in outcome.errors
    assert "start mariadb.service" not in box.calls("systemctl")
    assert restarted(box).code == 1


def test_a_server_that_will_not_say_its_position_is_not_started(tmp_path: Path) -> None:
    box = node(tmp_path, recovery="echo 'WSREP: skipping position recovery' >&2")
    assert restarted(box).code == 1
    assert not (box.root / OPTIONS.lstrip("/")).exists()
