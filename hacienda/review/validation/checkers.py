"""Which program checks which file offline. A declaration's `checker` is a name in `CHECKERS`; a test finds missing ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hacienda.review.validation import own

HOME = "/usr/lib/hacienda-validation"
"""Folder in a checking machine with this package's programs and the files to check."""

PROBES = f"{HOME}/probes"

ALL = "*"
"""Stands for all packages of the nodes."""


@dataclass(frozen=True)
class Program:
    """A check by a program of the target operating system. It runs in a copy of a machine that is deleted afterwards.

    Args:
        title: unique name of the program for people.
        package: Debian package whose version is the program's.
        also: further packages that it needs; ALL: every package of the nodes, because it looks for programs in the file.
        command: command for /bin/sh; `$@` are the files. Exit code 0 accepts a file.
        in_place: the file is at its path, with all other files of the node around it; otherwise it stands alone.
        together: one call takes many files, and its output names a file by its path or its unit's name.
        argument: returns the program's argument for a file, from the file's path.
        refuses: pattern of output lines that mean refusal even with exit code 0; None: no line does.
        passes: pattern of output lines that mean nothing.
        kernel: the program changes kernel settings; only a scratch machine may run it.
    """

    title: str
    package: str
    command: str
    in_place: bool = True
    together: bool = False
    argument: Callable[[str], str] = str
    refuses: re.Pattern[str] | None = None
    passes: re.Pattern[str] | None = None
    also: tuple[str, ...] = ()
    kernel: bool = False


@dataclass(frozen=True)
class Own:
    """A check that Hacienda itself makes.

    Args:
        title: content that it checks, for people.
        complaints: returns what is wrong with a text; empty: nothing.
    """

    title: str
    complaints: Callable[[str], list[str]]


@dataclass(frozen=True)
class ShellCheck:
    """ShellCheck, installed beside this package. The target operating system does not need it."""

    title: str = "ShellCheck"


Check = Program | Own | ShellCheck

_DROP_IN = re.compile(r".*/([^/]+)\.d/[^/]+\.conf")


def _unit(path: str) -> str:
    """The argument for systemd-analyze, which verifies a drop-in with its unit."""
    match = _DROP_IN.fullmatch(path)
    return match[1] if match else path


# cloud-init would read the machine's own settings again for each file. They do not belong to the file.
_EACH = f"rm -rf /etc/cloud && python3 -P {PROBES}/manyfiles.py"
_SCHEMA = "'Valid schema' schema"
_NETWORKD = "'Wrote output' devel net-convert -k yaml -D debian -O networkd -d /tmp/networkd -p"

CHECKERS: Mapping[str, tuple[Check, ...]] = {
    "apt-config": (Program("apt-config", "apt", 'apt-config -c "$1" dump >/dev/null', in_place=False),),
    "apt-sources": (
        Program(
            "apt-get indextargets",
            "apt",
            'apt-get -o Dir::Etc::SourceList="$1" -o Dir::Etc::SourceParts=/dev/null indextargets >/dev/null',
            refuses=re.compile(r"^[EW]: "),
        ),
    ),
    "bash": (Program("bash, as variables", "bash", f'sh {PROBES}/source.sh "$@"', in_place=False, together=True),),
    "ceph-authtool": (Program("ceph-authtool", "ceph-common", 'ceph-authtool --list "$1" >/dev/null', in_place=False),),
    "ceph-conf": (Program("Ceph's library", "python3-rados", f'python3 -P {PROBES}/ceph.py "$1"', in_place=False),),
    "chronyd": (Program("chronyd -p", "chrony", 'chronyd -p -f "$1"'),),
    "erlang": (Program("Erlang's file:consult", "erlang-base", f'sh {PROBES}/erlang.sh "$1"', in_place=False),),
    "etcd": (Program("etcd, started", "etcd-server", f'sh {PROBES}/etcd.sh "$1"'),),
    "garbd": (Program("garbd, started", "galera-arbitrator-4", f'sh {PROBES}/garbd.sh "$1"'),),
    "haproxy": (Program("haproxy -c", "haproxy", 'haproxy -c -f "$1"', refuses=re.compile(r"\[(WARNING|ALERT)\]")),),
    "hosts": (Own("addresses and names", own.hosts),),
    "journald": (
        Program("journald, started", "systemd", f'sh {PROBES}/systemd.sh "$1" systemd-journald "running as PID"'),
    ),
    "json": (Own("JSON", own.json_text),),
    # On a node, the script that starts keepalived creates the user and finds the interfaces' names.
    "keepalived": (
        Program(
            "keepalived -t",
            "keepalived",
            "{ id keepalived_script >/dev/null 2>&1 || useradd --system --no-create-home keepalived_script; } && "
            r"sed -n 's/^\$NIC_[^=]*=\(eth[0-9]*\)$/\1/p' "
            '"$1" | xargs -I NAME ip link add NAME type bridge && keepalived --config-test --use-file "$1"',
        ),
    ),
    "mariadbd": (
        Program(
            "mariadbd --help",
            "mariadb-server-core",
            "mariadbd --user=mysql --help --verbose >/dev/null",
            refuses=re.compile(r"\[(Warning|ERROR)\]"),
            # Both lines concern the checking machine: it has no network card, and a container's limit of open files.
            passes=re.compile(r"failed to retrieve the MAC address|Could not increase number of max_open_files"),
            also=("galera-4",),
        ),
        Program("mariadbd, started", "mariadb-server-core", f'sh {PROBES}/galera.sh "$1"', also=("galera-4",)),
    ),
    "libvirt": (
        Program(
            "libvirt's daemons, started",
            "libvirt-daemon",
            f'sh {PROBES}/libvirt.sh "$1"',
            # A driver that cannot read its file leaves the daemon with exit code 0.
            refuses=re.compile(r"nitialization (of .* )?failed|does not know"),
            also=("libvirt-daemon-system",),
        ),
    ),
    "memcached": (
        Program(
            "memcached, started",
            "memcached",
            f'python3 -P {PROBES}/start.py "$1" listening \'\' memcached -vv $(grep -v "^#" "$1")',
        ),
    ),
    "needrestart": (Program("Perl, as needrestart", "perl-base", f'sh {PROBES}/needrestart.sh "$1" >/dev/null'),),
    "network-config": (
        Program(
            "cloud-init schema, network",
            "cloud-init",
            f'{_EACH} {_SCHEMA} -t network-config -c -- "$@"',
            in_place=False,
            together=True,
        ),
        Program("cloud-init's networkd", "cloud-init", f'{_EACH} {_NETWORKD} -- "$@"', in_place=False, together=True),
        Program(
            "cloud-init's keys", "cloud-init", f'python3 -P {PROBES}/networkkeys.py "$@"', in_place=False, together=True
        ),
    ),
    "networkd": (
        Program(
            "networkd, started", "systemd", f'sh {PROBES}/systemd.sh "$1" systemd-networkd "Enumeration completed"'
        ),
    ),
    "nft": (Program("nft -c", "nftables", 'nft -c -f "$1"'),),
    "openstacksdk": (Program("openstacksdk", "python3-openstacksdk", f'python3 -P {PROBES}/clouds.py "$1"'),),
    "openvswitch": (
        Program(
            "Open vSwitch's database",
            "openvswitch-switch",
            f'sh {PROBES}/openvswitch.sh "$1"',
            also=("openvswitch-common", "jq"),
        ),
    ),
    "oslo-config-validator": (
        Program(
            "oslo-config-validator", "python3-oslo.config", f'python3 -P {PROBES}/oslo.py "$1"', also=("keystone",)
        ),
    ),
    "ovsdb-server": (
        Program(
            "ovsdb-server, started",
            "ovn-central",
            f'sh {PROBES}/ovsdb.sh {PROBES}/start.py "$1"',
            also=("openvswitch-common",),
        ),
    ),
    "python": (
        Own("Python's compile, here", own.python),
        Program("Python's compile", "python3", f'python3 -P {PROBES}/compile.py "$@"', in_place=False, together=True),
    ),
    "rabbitmq": (Program("cuttlefish", "rabbitmq-server", f'sh {PROBES}/rabbitmq.sh "$1"', also=("erlang-base",)),),
    "resolver": (Own("name servers", own.resolver),),
    # The whole file is one secret; it contains no rendered text.
    "secret": (),
    "shellcheck": (
        ShellCheck(),
        Program("bash -n", "bash", f'sh {PROBES}/syntax.sh "$@"', in_place=False, together=True),
    ),
    "sshd": (Program("sshd -t", "openssh-server", "mkdir -p /run/sshd && ssh-keygen -A >/dev/null && sshd -t"),),
    # A scratch machine can set keys of its own network. For other keys it only finds out whether they exist.
    "sysctl": (
        Program(
            "sysctl -p",
            "procps",
            'sysctl -p "$1" >/dev/null || true',
            # The exit code means nothing here. Any other line of output is a refusal, such as a missing sysctl.
            refuses=re.compile(r"\S"),
            passes=re.compile(r"^sysctl: permission denied on key"),
            kernel=True,
        ),
    ),
    "systemd-analyze": (
        Program(
            "systemd-analyze verify",
            "systemd",
            'systemd-analyze verify --man=no "$@"',
            together=True,
            argument=_unit,
            refuses=re.compile(r"\S"),
            also=(ALL,),
        ),
    ),
    "systemd-sysusers": (Program("systemd-sysusers --dry-run", "systemd", 'systemd-sysusers --dry-run "$1"'),),
    # This also loads the application, with its own configuration in place.
    "uwsgi": (
        Program(
            "uwsgi, started",
            "uwsgi-core",
            f'sh {PROBES}/uwsgi.sh {PROBES}/start.py "$1"',
            also=(ALL,),
        ),
    ),
    # An application that connects to its servers while it loads does not load in a checking machine.
    "uwsgi-settings": (
        Program(
            "uwsgi, without its application",
            "uwsgi-core",
            f'sh {PROBES}/uwsgi-settings.sh {PROBES}/start.py "$1"',
            also=(ALL,),
        ),
    ),
    "user-data": (
        Program("cloud-init schema", "cloud-init", f'{_EACH} {_SCHEMA} -c -- "$@"', in_place=False, together=True),
    ),
    "uuid": (Own("UUID", own.uuid_text),),
    "x509": (Program("openssl verify", "openssl", f'sh {PROBES}/x509.sh "$@"', together=True),),
}
"""Checker name -> its checks. A file is accepted if all of them accept it."""
