"""Galera: the database. MariaDB servers that hold the same data; HAProxy sends all clients to one of them.

An arbiter runs garbd, Galera's arbitrator: a member of the same group that votes and holds no data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ByteSize, Field

from hacienda.cloud import entrance
from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    AccountKind,
    Arbiter,
    Assumption,
    Certificate,
    Check,
    Frontend,
    Instead,
    Limit,
    NoTimer,
    Port,
    Sandbox,
    Script,
    Service,
    ServiceOptions,
    Template,
    Timer,
    sandbox,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.services import TEMPLATES

MIB = 1024 * 1024
GIB = 1024 * MIB
TLS = "/etc/mysql/tls"
CHECK_TLS = "/etc/galera-check/tls"
CONFIGURATION = "/etc/mysql/mariadb.conf.d/90-hacienda.cnf"
PROVIDER = "/usr/lib/galera/libgalera_smm.so"
SST_SCRIPT = "/usr/bin/wsrep_sst_mariabackup"
CHECKER = "/usr/lib/hacienda/galera/check.py"
EVS_TIMERS = {
    # The group drops a dead member after 1.5 s + 0.3 s. Change these together: lowering suspect_timeout alone lowers
    # install_timeout to join_retrans_period, and one power cut then causes an endless non-primary loop.
    "evs.keepalive_period": 0.25,
    "evs.suspect_timeout": 1.5,
    "evs.inactive_timeout": 4,
    "evs.inactive_check_period": 0.2,
    "evs.join_retrans_period": 0.3,
    "evs.install_timeout": 3,
}
"""In seconds."""
LEAST_CONNECTIONS = 1000
"""Client connections that a server accepts at least: room for services that Hacienda does not install."""
ARBITER_TLS = "/etc/garbd/tls"
ARBITER_CREDENTIALS = "/run/credentials/garb.service"
"""Where systemd puts copies of the leaf. Only the arbitrator's user, which exists while it runs, can read them."""

GROUP_OPTIONS = (
    *(f"{name}=PT{seconds}S" for name, seconds in EVS_TIMERS.items()),
    # Members that return one after another never form a component by themselves (measured). join.sh decides which one founds it.
    "pc.recovery=FALSE",
    # join.sh starts a server only when a Primary Component exists; if it has vanished meanwhile, a longer wait is useless.
    "pc.wait_prim_timeout=PT30S",
    "socket.ssl=YES",
)
"""Options that are the same on every member of the group, arbiters included."""


class GaleraOptions(ServiceOptions):
    """Options of the database."""

    buffer_pool: ByteSize | None = None
    """InnoDB's buffer pool. Default: 40 % of the machine's memory, at most 8GiB; 256MiB where the memory is not declared."""
    gcache: ByteSize | None = None
    """Ring buffer of write-sets on disk: a member that has missed less catches up without a full copy. Default: 2GiB, because
    Galera's 128MiB forces full copies (docs/reference.md#galera); 256MiB where the machine's memory is not declared."""
    max_connections: int | None = Field(default=None, ge=50, le=100000)
    """Client connections per server. Default: 100 more than all services together may open, but at least 1000."""
    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of MariaDB that Hacienda does not set: `{mariadbd: {long_query_time: 2}}`."""


def buffer_pool(options: GaleraOptions, node: Node) -> int:
    """Bytes of InnoDB's buffer pool on a node (docs/reference.md#galera)."""
    if options.buffer_pool is not None:
        return int(options.buffer_pool)
    if node.memory is None:
        return 256 * MIB
    return max(128 * MIB, min(8 * GIB, node.memory * 40 // 100 // MIB * MIB))


def _gcache(options: GaleraOptions, node: Node) -> int:
    if options.gcache is not None:
        return int(options.gcache)
    return 256 * MIB if node.memory is None else 2 * GIB


def max_connections(cloud: Cloud) -> int:
    """Client connections that a server accepts. All clients use one server, the writer."""
    wanted = sum(entrance.pools(cloud).values()) + entrance.KEPT
    return cloud.options_of(GaleraOptions).max_connections or max(LEAST_CONNECTIONS, -(-wanted // 100) * 100)


def _group(cloud: Cloud, node: Node, tls: str) -> Mapping[str, Any]:
    """Variables of a node's membership: the group's name, its members' addresses, and the replication's options.

    Args:
        tls: folder of the node's leaf.
    """
    return {
        "members": [cloud.address(member) for member in cloud.members("galera")],
        "cluster_name": f"hacienda-{cloud.name}",
        "group_options": (
            f"gmcast.listen_addr=ssl://{cloud.address(node)}:{service.port('replication').number}",
            *GROUP_OPTIONS,
            f"socket.ssl_ca={tls}/ca.pem",
            f"socket.ssl_cert={tls}/cert.pem",
            f"socket.ssl_key={tls}/key.pem",
        ),
    }


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    options = cloud.options_of(GaleraOptions)
    pool = buffer_pool(options, node)
    group = _group(cloud, node, TLS)
    return {
        **group,
        "address": cloud.address(node),
        "max_connections": max_connections(cloud),
        "port": service.port("mysql").number,
        "check_port": service.port("check").number,
        "tls": TLS,
        "check_tls": CHECK_TLS,
        "provider": PROVIDER,
        "buffer_pool": pool,
        # A quarter of the pool, so that checkpoints are rare and a recovery stays short.
        "log_file": max(96 * MIB, min(2 * GIB, pool // 4)),
        "appliers": max(2, min(16, node.cpus or 2)),
        "provider_options": (
            *group["group_options"],
            f"gcache.size={_gcache(options, node) // MIB}M",
            # A donor keeps its cache over a crash, so it can still send a member what that missed.
            "gcache.recover=yes",
        ),
    }


def _arbiter_variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {**_group(cloud, node, ARBITER_CREDENTIALS), "tls": ARBITER_TLS}


def _shared_facts(cloud: Cloud) -> Mapping[str, Any]:
    servers = cloud.servers("galera")
    return {
        "servers": [server.name for server in servers],
        "arbiters": [member.name for member in cloud.members("galera") if member not in servers],
        "check_port": service.port("check").number,
        "replication_port": service.port("replication").number,
    }


def _arbiter_facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {**_shared_facts(cloud), "tls": ARBITER_TLS}


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    network = cloud.management.cidr
    return {
        **_shared_facts(cloud),
        "tls": TLS,
        # Users may log in from this network: HAProxy's machines connect from their management address.
        "client_network": f"{network.network_address}/{network.netmask}",
    }


service = Service(
    name="galera",
    title="Galera, the database",
    roles=("controller",),
    requires=("coordination", "load balancer", "virtual ip"),
    serves_without=("coordination",),
    provides=("database",),
    hands_out=(AccountKind("database", takes=("connections",)),),
    voters=True,
    arbiter=Arbiter(
        packages=("galera-arbitrator-4", "jq", "curl"),
        units=("galera-watch.service", "garb.service"),
        ports=("replication",),
        files=(
            Certificate(ARBITER_TLS, usage="peer", on_change="restart"),
            Template("/etc/garbd/garbd.cnf", checker="garbd", source="arbiter/garbd.cnf.j2"),
            Template("/etc/systemd/system/garb.service", checker="systemd-analyze", source="arbiter/garb.service.j2"),
            Template("/etc/systemd/system/galera-watch.service", checker="systemd-analyze"),
        ),
        variables=_arbiter_variables,
        facts=_arbiter_facts,
        join=Script("join.sh", source="arbiter/join.sh"),
        verify=Script("verify.sh", source="arbiter/verify.sh"),
        leave=Script("leave.sh"),
        scripts=(
            Script("common.sh", on_change="reload"),
            Script("may-stop.sh", source="arbiter/may-stop.sh"),
            Script("watch.sh", source="arbiter/watch.sh", on_change="reload"),
        ),
        held=("galera-arbitrator-4",),
        assumptions=(Assumption("galera-arbitrator-4", "program", "/usr/bin/garbd", reason="garb.service starts it"),),
    ),
    packages=(
        "galera-4",
        "jq",
        "curl",
        "mariadb-backup",
        "mariadb-client",
        "mariadb-server",
        "python3-pymysql",
        "socat",
    ),
    data=("/var/lib/mysql",),
    users=("galera-check",),
    units=("galera-check.service", "galera-watch.service", "mariadb.service"),
    ports=(
        Port("mysql", 3306, clients="internal"),
        Port("check", 9200, clients="members"),
        Port("replication", 4567, clients="peers"),
        Port("ist", 4568, clients="peers"),
        Port("sst", 4444, clients="peers"),
    ),
    frontends=(
        Frontend(
            port="mysql",
            mode="tcp",
            single_writer=True,
            # A server is down after 0.25 s to 0.75 s of bad answers; the checker needs 1 s to notice that one hangs (measured).
            check=Check(path="/", port="check", inter_ms=500, fastinter_ms=250, fall=2, rise=2),
            # oslo.db drops connections after 600 s of idleness, well before this (docs/reference.md#galera).
            timeout_seconds=3600,
        ),
    ),
    files=(
        Certificate(TLS, group="mysql", usage="peer"),
        # The checker's user must not read a key of the group.
        Certificate(CHECK_TLS, role="check"),
        Template(CONFIGURATION, checker="mariadbd"),
        Template("/etc/systemd/system/mariadb.service", checker="systemd-analyze", on_change="none"),
        Template("/etc/systemd/system/galera-check.socket", checker="systemd-analyze"),
        Template("/etc/systemd/system/galera-check.service", checker="systemd-analyze"),
        Template("/etc/systemd/system/galera-watch.service", checker="systemd-analyze"),
    ),
    variables=_variables,
    facts=_facts,
    options=GaleraOptions,
    overrides=Sections(
        CONFIGURATION,
        TEMPLATES / "galera/90-hacienda.cnf.j2",
        owned=(
            r"mariadbd\.(wsrep|ssl|tls|gtid|plugin|server_id|innodb_(data|undo|log_group|force|doublewrite|flush|autoinc)).*",
            r"mariadbd\.(datadir|basedir|tmpdir|socket|extra_port|user|pid_file|log_error|networking|grant_tables|init_file)",
            r"mariadbd\.(read_only|sync_binlog|binlog_.*|name_resolve|unix_socket|initialize.*|bootstrap|lower_case_table_names)",
        ),
        only=("mariadbd",),
        loose=True,
    ),
    timers=(
        *(Timer(name, seconds, CONFIGURATION) for name, seconds in EVS_TIMERS.items()),
        Timer("poll", 0.25, CHECKER),
        Timer("read time-out of the checker", 1, CHECKER),
        Timer("stale", 2.5, CHECKER),
        Timer("drain", 1.5, "/usr/lib/hacienda/galera/drain.sh"),
        NoTimer("restart", "only join.sh starts it again, after drain.sh has waited for HAProxy"),
    ),
    limits=(
        Limit(
            "memory",
            lambda cloud, node: buffer_pool(cloud.options_of(GaleraOptions), node),
            CONFIGURATION,
            "buffer_pool",
        ),
        Limit(
            "disk",
            lambda cloud, node: _gcache(cloud.options_of(GaleraOptions), node) // MIB * MIB,
            CONFIGURATION,
            "gcache",
            "the cache of write-sets takes",
            ("database", "system"),
        ),
        Limit(
            "connections",
            lambda cloud, node: max_connections(cloud),
            CONFIGURATION,
            "max_connections",
        ),
    ),
    prepare=Script("prepare.sh"),
    bootstrap=Script("bootstrap.sh"),
    join=Script("join.sh"),
    reconcile=Script("reconcile.sh"),
    sandboxes=(
        Sandbox(
            "mariadb.service",
            ceiling=2.5,
            writes=("/var/lib/mysql", "/var/log/mysql"),
            instead=(
                sandbox.COMPILES_PATTERNS,
                sandbox.ASKS_FOR_ADDRESSES,
            ),
        ),
        Sandbox(
            "galera-check.service",
            ceiling=2.3,
        ),
        Sandbox(
            "galera-watch.service",
            ceiling=3.2,
            writes=("/run/hacienda", "/var/lib/hacienda"),
            instead=(
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_DAC_OVERRIDE CAP_SETGID CAP_SETUID",
                    "it reads keys of services and runs tools as their users",
                ),
            ),
        ),
        Sandbox(
            "garb.service",
            ceiling=2.5,
            instead=(
                sandbox.ASKS_FOR_ADDRESSES,
                sandbox.COMPILES_PATTERNS,
            ),
        ),
    ),
    verify=Script("verify.sh"),
    leave=Script("leave.sh"),
    scripts=(
        Script("common.sh", on_change="reload"),  # the watchdog reads it when it starts
        Script("founder.py"),
        Script("options.sh"),
        Script("accounts.py"),
        Script("may-stop.sh"),
        Script("decide.sh"),
        Script("drain.sh"),
        Script("watch.sh", on_change="reload"),
        Script("check.py", on_change="reload"),
        Script("wsrep_sst_hacienda"),
    ),
    held=("mariadb-.*", "galera-4"),
    assumptions=(
        Assumption("mariadb-server-core", "program", "/usr/sbin/mariadbd", reason="mariadb.service starts it"),
        Assumption(
            "mariadb-server-core",
            "answer",
            "/usr/sbin/mariadbd --no-defaults --verbose --help",
            r"(?s)--wsrep-new-cluster.*--wsrep-recover.*--wsrep-sst-donor=.*--wsrep-start-position=",
            reason="join.sh passes with these options who founds, the position to start from, and the donor of a copy",
        ),
        Assumption("mariadb-client-core", "program", "/usr/bin/mariadb", reason="a reload and all scripts call it"),
        Assumption("mariadb-server", "user", "mysql", reason="it runs as that user, who owns its data"),
        Assumption("mariadb-server", "group", "mysql", reason="the group may read its certificate"),
        Assumption("mariadb-server", "folder", "/var/lib/mysql", reason="it keeps its data there"),
        Assumption(
            "mariadb-common",
            "answer",
            "my_print_defaults --help",
            r"/etc/mysql/my\.cnf",
            reason="the server reads its options from there",
        ),
        Assumption(
            "mariadb-common",
            "line",
            "/etc/mysql/my.cnf",
            r"^!includedir /etc/mysql/mariadb\.conf\.d/?$",
            reason=f"the server reads {CONFIGURATION} through it",
        ),
        Assumption("galera-4", "file", PROVIDER, reason="the server loads the replication from it"),
        Assumption(
            "mariadb-server",
            "line",
            SST_SCRIPT,
            r"^ *sleep 10$",
            reason="wsrep_sst_hacienda shortens this pause, which costs each copy 10 s",
        ),
    ),
)
