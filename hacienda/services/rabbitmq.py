"""RabbitMQ: the message queue. Every queue is a quorum queue on three nodes. Clients know all nodes and need no load balancer.

An arbiter runs a full broker, because a voter of a quorum queue holds a copy of the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ByteSize, Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    AccountKind,
    Assumption,
    Certificate,
    Instead,
    Limit,
    Port,
    Sandbox,
    Script,
    Secret,
    SecretFile,
    Service,
    ServiceOptions,
    Template,
    Timer,
    sandbox,
)
from hacienda.declare.override_values import LineOverrides
from hacienda.declare.overrides import Lines
from hacienda.services import TEMPLATES

MIB = 1024 * 1024
GIB = 1024 * MIB
CONFIGURATION = "/etc/rabbitmq/rabbitmq.conf"
TLS = "/etc/rabbitmq/tls"
_JIT = Instead("MemoryDenyWriteExecute", "", "Erlang compiles to machine code")
MAJORITY_NEEDS = 3
"""Fewest members that a partition splits into a majority and a minority: with two, pause_minority stops both
(docs/reference.md#rabbitmq)."""


class RabbitmqOptions(ServiceOptions):
    """Options of RabbitMQ."""

    memory_limit: ByteSize | None = None
    """Memory at which publishers are blocked. Default: 40 % of the machine's memory, at most 8GiB; 1GiB where the memory is
    not declared."""
    disk_free_limit: ByteSize = Field(default=ByteSize(2 * GIB))
    """Free disk space below which publishers are blocked (docs/reference.md#rabbitmq)."""
    schedulers: int | None = Field(default=None, ge=1, le=64)
    """Erlang scheduler threads. Default: the machine's CPUs, 2 where they are not declared."""
    overrides: LineOverrides = Field(default_factory=dict)
    """Options of rabbitmq.conf that Hacienda does not set: `{channel_max: 2047}`."""


def memory_limit(options: RabbitmqOptions, node: Node) -> int:
    """Bytes at which a node's memory alarm blocks publishers."""
    if options.memory_limit is not None:
        return int(options.memory_limit)
    if node.memory is None:
        return GIB
    return min(8 * GIB, node.memory * 40 // 100)


def _options(cloud: Cloud) -> RabbitmqOptions:
    return cloud.options_of(RabbitmqOptions)


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    options = _options(cloud)
    members = cloud.members("rabbitmq")
    return {
        "address": cloud.address(node),
        "members": [member.name for member in members],
        "tls": TLS,
        "amqps": service.port("amqps").number,
        "distribution": service.port("distribution").number,
        "mapper": service.port("epmd").number,
        "partition_handling": _partition_handling(cloud),
        "memory_limit": memory_limit(options, node),
        "disk_free_limit": int(options.disk_free_limit),
        "schedulers": options.schedulers or node.cpus or 2,
    }


def _partition_handling(cloud: Cloud) -> str:
    return "pause_minority" if len(cloud.members("rabbitmq")) >= MAJORITY_NEEDS else "ignore"


def _ignores_quorum(cloud: Cloud) -> str:
    handling = _partition_handling(cloud)
    return f"cluster_partition_handling = {handling}" if handling == "ignore" else ""


def _heartbeat(cloud: Cloud, node: Node) -> float:
    """Seconds of silence after which client and broker drop their connection: the broker's default of 60, unless overridden."""
    written = str(_options(cloud).overrides.get("heartbeat", ""))
    return int(written) if written.isdigit() else 60


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {"amqps_port": service.port("amqps").number}


_CALLED = {
    "rabbit": ("await_startup/0",),
    "rabbit_alarm": ("get_alarms/0",),
    "rabbit_amqqueue": ("lookup/1",),
    "rabbit_auth_backend_internal": ("delete_user/2", "list_users/0"),
    "rabbit_definitions": ("import_raw/1",),
    "rabbit_json": ("try_decode/1",),
    "rabbit_misc": ("r/3",),
    "rabbit_node_monitor": ("partitions/0",),
    "rabbit_nodes": ("list_members/0", "list_running/0"),
    "rabbit_quorum_queue": ("info/2",),
    "rabbit_runtime_parameters": ("value_global/1",),
}
"""Functions of the broker that scripts call, by module: name and number of arguments. RabbitMQ documents none of them."""

_ERL = "erl +S 1:1 +sbwt none -noinput -eval"
_PLUGINS = "/usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins/*/ebin"
_ADDED = f'[code:add_pathz(P) || P <- filelib:wildcard("{_PLUGINS}")]'
_EXPORTED = (
    f'{_ADDED}, io:format("missing: ~s~n", [lists:join(" ", [io_lib:format("~s:~s/~b", [M, F, A]) || {{M, F, A}} <- ['
    + ", ".join(
        f"{{{module}, {name}, {number}}}"
        for module, functions in _CALLED.items()
        for name, _, number in (function.partition("/") for function in functions)
    )
    + "], code:ensure_loaded(M) =/= {module, M} orelse not erlang:function_exported(M, F, A)])]), halt()."
)
_LOGGED = (
    f"{_ADDED}, {{ok, {{_, [{{atoms, Atoms}}]}}}} = beam_lib:chunks(code:which(rabbit_node_monitor), [atoms]), "
    'io:format("~p~n", [[Atom || {_, Atom} <- Atoms]]), halt().'
)


service = Service(
    name="rabbitmq",
    title="RabbitMQ, the message queue",
    roles=("controller", "arbiter"),
    requires=("coordination",),
    serves_without=("coordination",),
    provides=("message queue",),
    hands_out=(AccountKind("messaging", renames=True),),
    voters=True,
    packages=("rabbitmq-server",),
    data=("/var/lib/rabbitmq",),
    units=("rabbitmq-watch.service", "rabbitmq-server.service"),
    ports=(
        Port("amqps", 5671, clients="internal"),
        Port("distribution", 25672, clients="peers"),
        Port("epmd", 4369, clients="peers"),
    ),
    files=(
        Certificate(TLS, group="rabbitmq", usage="peer"),
        # The broker reads a copy, made by prepare.sh before it starts or by reload.sh while it runs.
        SecretFile("/etc/hacienda/rabbitmq.cookie", "rabbitmq/cookie", on_change="reload"),
        Template(CONFIGURATION, checker="rabbitmq"),
        Template("/etc/rabbitmq/rabbitmq-env.conf", checker="bash"),
        Template("/etc/rabbitmq/inter-node-tls.config", checker="erlang"),
        Template("/etc/systemd/system/epmd.socket", checker="systemd-analyze"),
        Template("/etc/systemd/system/epmd.service", checker="systemd-analyze", on_change="none"),
        Template("/etc/systemd/system/rabbitmq-server.service", checker="systemd-analyze"),
        Template("/etc/systemd/system/rabbitmq-watch.service", checker="systemd-analyze", on_change="reload"),
    ),
    variables=_variables,
    facts=_facts,
    options=RabbitmqOptions,
    overrides=Lines(
        CONFIGURATION,
        TEMPLATES / "rabbitmq/rabbitmq.conf.j2",
        owned=(
            r"(listeners|ssl_options|vm_memory_high_watermark|disk_free_limit|definitions)(\..*)?",
            r"(cluster_|default_|auth_|mnesia_|loopback_users|quorum_queue\.continuous|load_definitions).*",
            r"management\.load_definitions",
        ),
    ),
    secrets=(Secret("rabbitmq/cookie", kind="erlang-cookie"),),
    timers=(
        Timer("net_ticktime", 10, CONFIGURATION),
        Timer("heartbeat", _heartbeat, CONFIGURATION),
    ),
    limits=(
        Limit("memory", lambda cloud, node: memory_limit(_options(cloud), node), CONFIGURATION, "memory_limit"),
        Limit(
            "disk",
            lambda cloud, node: int(_options(cloud).disk_free_limit),
            CONFIGURATION,
            "disk_free_limit",
            "publishers are blocked unless there are",
            ("messages", "system"),
        ),
    ),
    ignores_quorum=_ignores_quorum,
    prepare=Script("prepare.sh"),
    bootstrap=Script("bootstrap.sh"),
    join=Script("join.sh"),
    reconcile=Script("reconcile.sh"),
    sandboxes=(
        Sandbox(
            "rabbitmq-server.service",
            ceiling=2.7,
            writes=("/var/lib/rabbitmq", "/var/log/rabbitmq"),
            instead=(
                _JIT,
                sandbox.ASKS_FOR_ADDRESSES,
            ),
        ),
        Sandbox(
            "epmd.service",
            ceiling=2.3,
        ),
        Sandbox(
            "rabbitmq-watch.service",
            ceiling=3.4,
            writes=("/run/hacienda", "/var/lib/hacienda", "/var/lib/rabbitmq", "/var/log/rabbitmq"),
            instead=(
                _JIT,
                sandbox.ASKS_FOR_ADDRESSES,
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_DAC_OVERRIDE CAP_KILL CAP_SETGID CAP_SETUID",
                    "it runs tools as the broker's user",
                ),
            ),
        ),
    ),
    verify=Script("verify.sh"),
    leave=Script("leave.sh"),
    scripts=(
        Script("common.sh", on_change="reload"),  # the watchdog reads it when it starts
        Script("definitions.py"),
        Script("reload.sh"),
        Script("may-stop.sh"),
        Script("watch.sh", on_change="reload"),
    ),
    held=("rabbitmq-server", "erlang-.*"),
    assumptions=(
        Assumption(
            "rabbitmq-server",
            "program",
            "/usr/lib/rabbitmq/bin/rabbitmq-server",
            reason="rabbitmq-server.service starts it",
        ),
        Assumption("rabbitmq-server", "program", "/usr/sbin/rabbitmqctl", reason="scripts and the unit call it"),
        Assumption("rabbitmq-server", "user", "rabbitmq", reason="it runs as that user, who owns its data"),
        Assumption("rabbitmq-server", "group", "rabbitmq", reason="the group may read its certificate"),
        Assumption("rabbitmq-server", "folder", "/var/lib/rabbitmq", reason="its data and the Erlang cookie are there"),
        Assumption("rabbitmq-server", "folder", "/var/log/rabbitmq", reason="watch.sh follows its log there"),
        Assumption("erlang-base", "program", "/usr/bin/epmd", reason="epmd.service starts it"),
        Assumption("erlang-base", "user", "epmd", reason="the port mapper runs as that user"),
        Assumption("erlang-base", "group", "epmd", reason="the port mapper runs as that group"),
        Assumption(
            "rabbitmq-server",
            "answer",
            f"{_ERL} '{_EXPORTED}'",
            "^missing: $",
            reason="scripts call these undocumented functions through `rabbitmqctl eval`",
        ),
        Assumption(
            "rabbitmq-server",
            "answer",
            f"{_ERL} '{_LOGGED}'",
            "inconsistent_database",
            reason="watch.sh waits for that word, which the broker logs when two sides of a partition meet",
        ),
    ),
)
