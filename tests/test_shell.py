"""No shell text of the project makes code of a value, feeds a server's words to a client, or has root work in a daemon's folder."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloudinit.node import leave as node_leave
from hacienda.cloudinit.node import scripts as node_scripts
from hacienda.remote import scripts
from tests import shell
from tests.services import boundaries

PACKAGE = shell.ROOT / "hacienda"

EXCUSED = {
    ("services/templates/galera/wsrep_sst_hacienda", "bash runs a text that is not constant"): (
        "the text is MariaDB's own script of /usr/bin, which root alone writes, with one number changed; it runs as mysql"
    ),
    ("review/validation/launch.sh", "sh runs a text that is not constant"): (
        "the text is one of checkers.py, on the operator's machine"
    ),
    ("review/validation/probes/etcd.sh", "source runs a file whose name is not constant"): (
        "the file is one that was rendered, and that is tried as systemd would read it"
    ),
    ("cloudinit/node/lib.sh", "source runs a file whose name is not constant"): (
        "the name of the service was matched, and the folder is root's"
    ),
    **{
        (
            "lab/files/guest/disk.sh",
            why,
        ): "it runs in a guest that is made for one journey, and matched the numbers before"
        for why in (
            "[ -eq ] compares what was not matched as a number: it fails, and counts as `no`",
            "arithmetic evaluates count, which was not matched as a number",
            "arithmetic evaluates first, which was not matched as a number",
        )
    },
    ("services/templates/rabbitmq/common.sh", "eval runs a text that is not constant"): (
        "`evaluate` hands its argument on; its callers are looked at"
    ),
}
"""What a rule finds and is right nevertheless: (file, finding) -> why."""

SHELL_IN_PYTHON = {
    "cloudinit/node/leave.py": "_RELEASE",
    "cloudinit/node/scripts.py": "_RUN",
    "cloudinit/node/packages.py": "a program that ends with 101",
    "declare/launcher.py": "its text is shellchecked where it is written",
    "lab/daemon.py": "runs a script of lab/files",
    "lab/guest.py": "runs scripts of lab/files/guest",
    "lab/host.py": "a program that ends with 101",
    "remote/local.py": "runs what remote/scripts.py makes, for the lab and tests",
    "remote/scripts.py": "all of it",
    "remote/ssh.py": "runs what remote/scripts.py makes",
    "review/validation/checkers.py": "commands of an operator's machine; their arguments are arguments, no text",
    "review/validation/inside.py": "documentation",
    "review/validation/installed.py": "constant",
    "services/host.py": "assumptions",
}
"""Modules that name a shell, and what of them is looked at or why nothing is."""

IN_PYTHON = {
    "cloudinit/node/leave.py": node_leave._RELEASE,
    "cloudinit/node/scripts.py": node_scripts._RUN,
    **{
        f"remote/scripts.py {name}": text
        for name, text in vars(scripts).items()
        if name.isupper() and isinstance(text, str)
    },
    "remote/scripts.py start": scripts.start("delivery"),
    "remote/scripts.py wait": scripts.wait("delivery"),
    "remote/scripts.py journal": scripts.journal("galera", 5),
    "remote/scripts.py program": scripts.program("hacienda-verify", "galera", "--json"),
}


def files() -> Iterator[Path]:
    """Every shell script of the package, whatever its name."""
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            with path.open("rb") as stream:
                first = stream.readline()
            if path.suffix == ".sh" or re.match(rb"#!/(usr/bin/env |bin/)(ba)?sh\b", first):
                yield path


def sourced(text: str) -> list[str]:
    """What a script reads, which says so to shellcheck."""
    named = [shell.ROOT / name for name in re.findall(r"shellcheck source=(hacienda/\S+)", text)]
    return [path.read_text() for path in named]


def commands(unit: str) -> Iterator[tuple[str, str]]:
    """What a unit runs: systemd's prefixes, and the command with `$$` as the shell sees it."""
    for prefixes, command in re.findall(r"^Exec\w+=([-@:+!|]*)(.*)$", unit, re.MULTILINE):
        yield prefixes, re.sub(r"\{\{.*?\}\}", "x", command).replace("$$", "$")


def in_units() -> Iterator[tuple[str, str]]:
    """Texts that units give to a shell."""
    for declared in services.registry():
        for path, text in boundaries.units(declared):
            for _, command in commands(text):
                words = shlex.split(command)
                if "-c" in words and Path(words[0]).name in ("sh", "bash"):
                    yield path, words[words.index("-c") + 1]


@pytest.fixture(scope="module")
def all_scripts() -> list[shell.Script]:
    found = []
    for path in files():
        text = path.read_text()
        found.append(shell.Script(str(path.relative_to(PACKAGE)), text, sourced(text)))
    found += [
        shell.Script(name, text, [(PACKAGE / "cloudinit/node/lib.sh").read_text()]) for name, text in IN_PYTHON.items()
    ]
    return found + [shell.Script(path, text) for path, text in in_units()]


def test_no_value_becomes_code(all_scripts: list[shell.Script]) -> None:
    found = [finding for script in all_scripts for finding in script.findings()]
    assert not [str(one) for one in found if (one.path, one.why) not in EXCUSED]
    assert {(one.path, one.why) for one in found} == EXCUSED.keys(), "an excuse that nothing needs any more"


def test_every_module_that_names_a_shell_is_looked_at() -> None:
    named = set()
    for path in PACKAGE.rglob("*.py"):
        strings = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
        if any(
            isinstance(text, str | bytes) and re.search(r"\b(ba)?sh\b", str(text)) and shell_like(str(text))
            for text in strings
        ):
            named.add(str(path.relative_to(PACKAGE)))
    assert named <= SHELL_IN_PYTHON.keys(), (
        "say in SHELL_IN_PYTHON what this module gives to a shell, and look at it in IN_PYTHON"
    )


def shell_like(text: str) -> bool:
    return (
        re.search(r"(^|/)(ba)?sh$|(ba)?sh -c|^#!/bin/(ba)?sh|for /bin/sh", text.strip("b'\n")) is not None
        or "#!/bin/sh" in text
    )


BAD = {
    "since=$(cat /run/x/state)\n((since > 5))": "arithmetic",
    "read -r a b <state\n[ $(($(date +%s) - b)) -ge 10 ]": "arithmetic",
    "size=$(mariadb)\n[[ $size -gt 2 ]]": "[[ -gt ]]",
    'size=$(curl x)\n[ "$size" -gt 2 ]': "[ -gt ]",
    "f() { (($1 > 5)); }": "arithmetic",
    "n=$(x)\nfor ((i = 0; i < n; i++)); do :; done": "arithmetic",
    'n=$(x)\necho "${list[n]}"': "arithmetic",
    "n=$(x)\nlist[$n]=1": "arithmetic",
    "n=$(x)\necho ${text:n:2}": "arithmetic",
    "cat <<EOF\n$(($(x) + 1))\nEOF": "arithmetic",
    'x=$(number "$y")\nx=$(cat f)\n((x))': "arithmetic",
    "declare -i x": "declare",
    "local -n x=y": "local",
    'f() { local "$1"; }': "local",
    "let x=1": "let",
    'eval "$x"': "eval",
    'x=$(cat f)\n. "$x"': "source",
    "echo ${!x}": "${!name}",
    "[[ -v $(x) ]]": "[[ -v ]]",
    '[ -v "$x" ]': "[ -v ]",
    'x=$(y)\nprintf "$x"': "printf",
    'printf -v "$x" %s y': "printf -v",
    'read -r "$x"': "read",
    'unset "$x"': "unset",
    'x=$(y)\nbash -c "$x"': "bash",
    'x=$(y)\nawk "/$x/"': "awk",
    'x=$(y)\nsed -n "s/$x//p" f': "sed",
    'x=$(y)\ntimeout 5 jq -r ".$x"': "jq",
    "f() { sql \"SELECT '$1'\"; }": "sql",
}
"""Texts in which a value becomes code -> what the finding begins with."""


@pytest.mark.parametrize(("text", "why"), BAD.items())
def test_the_rule_finds_it(text: str, why: str) -> None:
    assert [one for one in shell.Script("bad.sh", text).findings() if one.why.startswith(why)]


GOOD = """
want=$(member_names | wc -l)
since=$(number "$(cat state)" "what it says")
for ((look = 1; look <= 2 * want; look++)); do ((SECONDS - since > look)) && echo "${#look} ${list[0]} ${list[@]}"; done
[[ $want -gt $PATIENCE && $1 == x ]] && [ "$((want - 1))" -ge "${since:-0}" ]
total+=$((want * 2))
name=x
printf '%s %s\\n' "$name" "$(anything)"
awk -F, -v name="$(anything)" '$1 == name { print }'
sed "s|^$name/||"
"""


def test_the_rule_lets_numbers_pass() -> None:
    assert shell.Script("good.sh", GOOD).findings() == []


def test_clients_run_no_command_for_a_server(all_scripts: list[shell.Script]) -> None:
    found = [finding for script in all_scripts for finding in script.clients()]
    for declared in services.registry():
        for path, unit in boundaries.units(declared):
            texts = (command for _, command in commands(unit) if Path(command.split()[0]).name in shell.CLIENTS)
            found += [one for text in texts for one in shell.Script(path, text).clients()]
    assert not [str(one) for one in found]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("timeout 4 mariadb -e 'SELECT 1'", "a client without --sandbox"),
        ("/usr/bin/mariadb --sandbox -e 'FLUSH SSL'", "a client without --skip-local-infile"),
        ("client=(mariadb --no-defaults)", "a client without --sandbox"),
        ('client=(mariadb)\nwanted=$(x)\n"${client[@]}" <<<"$wanted"', "a client reads what is not constant"),
        ('client=(mariadb)\npython3 accounts.py | "${client[@]}"', "a client reads what another program writes"),
        ("mariadb <<EOF\nDROP USER $(x)\nEOF", "a client reads what is not constant"),
        ("mariadb </var/lib/x.sql", "a client reads a file"),
    ],
)
def test_the_rule_finds_a_client(text: str, why: str) -> None:
    assert why in [one.why for one in shell.Script("bad.sh", text).clients()]


def of_root() -> Iterator[shell.Script]:
    """Scripts that root runs on a node: all but those that a unit runs as its own user."""
    others = set()
    for declared in services.registry():
        for _, unit in boundaries.units(declared):
            if boundaries.user(unit) != "root":
                others |= {command.split()[0] for prefixes, command in commands(unit) if not set(prefixes) & set("+!")}
    others |= {"/usr/lib/hacienda/galera/wsrep_sst_hacienda", "/usr/lib/hacienda/keepalived/check-haproxy.sh"}
    for path in files():
        place = path.relative_to(PACKAGE)
        if place.parts[:2] == ("services", "templates") and f"/usr/lib/hacienda/{place.parts[2]}/{path.name}" in others:
            continue
        if place.parts[0] in ("services", "cloudinit"):
            text = path.read_text()
            yield shell.Script(str(place), text, sourced(text))


SOCKETS = r"(--socket=|unix-connect:)"


def test_root_touches_nothing_by_name_in_a_folder_of_a_daemon() -> None:
    folders = boundaries.folders(services.registry())
    assert {"/var/lib/mysql", "/var/lib/rabbitmq", "/var/lib/etcd", "/run/keystone", "/var/log/rabbitmq"} <= folders
    assert not [str(one) for script in of_root() for one in script.touched(folders)]


@pytest.mark.parametrize(
    "text",
    [
        "chown rabbitmq /var/lib/rabbitmq/x",
        "definitions=$(mktemp -p /var/lib/rabbitmq)",
        'd=/var/lib/rabbitmq/$me\nmv "$d" "$d.left"',
        "echo x >/var/lib/rabbitmq/state",
        's=/var/lib/rabbitmq/state\nread -r a <"$s"',
        'f=/var/lib/rabbitmq/a/b\nmkdir -p "${f%/*}"',
        'R=$ROOT/var/lib/rabbitmq\ntouch "$R/x"',
    ],
)
def test_the_rule_finds_root_in_a_daemons_folder(text: str) -> None:
    assert shell.Script("bad.sh", text).touched({"/var/lib/rabbitmq"})
