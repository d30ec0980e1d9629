"""Whatever a server, a peer, etcd or a state file says, no script of any service runs it: each is given nothing but commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hacienda import services
from tests.services import composed
from tests.services.sandbox import Sandbox

HARMLESS = (
    *(
        "awk",
        "basename",
        "bash",
        "cat",
        "cmp",
        "cp",
        "cut",
        "date",
        "dirname",
        "env",
        "find",
        "grep",
        "head",
        "id",
        "jq",
    ),
    *(
        "mkdir",
        "mktemp",
        "mv",
        "paste",
        "printenv",
        "python3",
        "rm",
        "sed",
        "seq",
        "sha256sum",
        "sort",
        "stat",
        "tac",
        "tee",
    ),
    *("timeout", "touch", "tr", "true", "uniq", "wc", "xargs"),
)
"""What a script may really run here; every other program answers poison, and does nothing."""

FIELDS = (
    "wsrep_cluster_size",
    "threads_connected",
    "wsrep_local_state",
    "wsrep_cluster_state_uuid",
    "outside_seconds",
    "reason",
)

PROGRAMS = (
    *(
        "chronyc",
        "df",
        "epmd",
        "etcdctl",
        "ip",
        "journalctl",
        "mariadbd",
        "networkctl",
        "nft",
        "ping",
        "rabbitmq-diagnostics",
    ),
    *("rabbitmq-queues", "rabbitmqctl", "socat", "sshd", "sysctl", "systemctl"),
)
"""Some that scripts start through `timeout` or `run_as`, so that the shell itself does not miss them."""

SOURCED = ("common.sh", "gateways.sh", "members.sh")


def poison(mark: Path) -> str:
    """A word that is a command to whoever reckons with it."""
    return f"x[$(touch${{IFS}}{mark})]"


def poisoned(folder: Path, service: str, node: str, text: str = composed.LAB) -> tuple[Sandbox, Path]:
    """A node on which nobody says anything else."""
    mark = folder / "mark"
    word = poison(mark)
    say = f"printf '%s %s %s\\n' '{word}' '{word}' '{word}'"
    peer = ", ".join(f'"{name}": "{word}"' for name in FIELDS)
    rows = "\\n".join(f"{name}\\t{word}" for name in FIELDS)
    programs = {
        **dict.fromkeys(PROGRAMS, say),
        "curl": f"""printf '%s\\n' '{{"wsrep_cluster_status": "Primary", "ready": true, {peer}}}'""",
        "mariadb": f"printf 'wsrep_cluster_status\\tPrimary\\n{rows}\\n'",
        "systemctl": f"[[ $* == *is-failed* ]] && exit 1; {say}",
        "tail": f'if [[ $* == *--follow* ]]; then {say}; else exec {shutil.which("tail")} "$@"; fi',
        "sleep": '(($(grep -c "^sleep" "$STATE_DIR/calls") < 3))',
    }
    box = Sandbox(folder / "node", composed.cloud(folder, text), node, service, programs)
    for name in HARMLESS:
        if (found := shutil.which(name)) and name not in programs:
            (box.state / "bin" / name).symlink_to(found)
    for path in (
        "run/galera-check/state",
        "run/hacienda/state",
        "var/lib/mysql/grastate.dat",
        "var/lib/rabbitmq/state",
    ):
        (box.root / path).parent.mkdir(parents=True, exist_ok=True)
        (box.root / path).write_text(f"{word} {word} {word}\n")
    return box, mark


def run(box: Sandbox, mark: Path, script: str, *arguments: str) -> bool:
    """Whether the poison ran."""
    handler = {"BASH_FUNC_command_not_found_handle%%": f"() {{ printf '%s\\n' '{poison(mark)}'; }}"}
    box.run(script, *arguments, PATH=str(box.state / "bin"), HACIENDA_ETCD_PATIENCE="1", **handler)
    return mark.exists()


def cases() -> list[tuple[str, str, str, str]]:
    """Service, node, environment and script: all that run on nodes, but those that wait for a daemon to start."""
    places = [("ctl-1", composed.LAB + composed.CHOSEN), ("arb-1", composed.TWO_NODE)]
    return [
        (declared.name, node, text, script.name)
        for declared in services.registry()
        for node, text in places
        for script in declared.on("arbiter" if node == "arb-1" else declared.roles[0]).all_scripts()
        if script.name.endswith(".sh") and script.name not in (*SOURCED, "bootstrap.sh", "join.sh", "routes.sh")
        if node == "ctl-1" or declared.runs_on("arbiter")
    ]


@pytest.mark.parametrize("service", sorted({case[0] for case in cases()}))
def test_no_script_runs_what_it_is_told(tmp_path: Path, service: str) -> None:
    ran = []
    for number, (name, node, text, script) in enumerate(cases()):
        if name != service:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        box, mark = poisoned(folder, service, node, text)
        arguments = ("--check", "ctl-2") if script == "leave.sh" else ()
        if run(box, mark, script, *arguments):
            ran.append(f"{node}: {script}")
    assert not ran


FORMER = {
    "watch.sh": """
state_file="$HACIENDA_ROOT/run/galera-check/state"
stranded() {
    local component="" since=0
    read -r component since <"$state_file" 2>/dev/null || return 1
    case "$component" in Primary | unreachable) return 1 ;; esac
    [ $(($(date +%s) - since)) -ge 10 ]
}
stranded
""",
    "may-stop.sh": """
size=$(mariadb | awk -F'\\t' '$1 == "wsrep_cluster_size" { print $2 }')
[ $(((size - 1) * 2)) -le 3 ]
""",
}
"""What these scripts did with what they were told, until it was matched."""


@pytest.mark.parametrize("script", FORMER)
def test_the_poison_runs_where_nothing_is_matched(tmp_path: Path, script: str) -> None:
    box, mark = poisoned(tmp_path, "galera", "ctl-1")
    path = box.root / "usr/lib/hacienda/galera" / script
    path.write_text(f"#!/bin/bash\n{FORMER[script]}")
    assert run(box, mark, script)


def test_scripts_are_not_run_with_programs_of_this_machine(tmp_path: Path) -> None:
    box, _ = poisoned(tmp_path, "galera", "ctl-1")
    (box.root / "usr/lib/hacienda/galera/which.sh").write_text(
        "#!/bin/bash\ncommand -v systemctl reboot nft ip sysctl\n"
    )
    (box.root / "usr/lib/hacienda/galera/which.sh").chmod(0o755)
    found = box.run("which.sh", PATH=str(box.state / "bin")).output.split()
    assert found
    assert all(Path(path).parent == box.state / "bin" for path in found)
