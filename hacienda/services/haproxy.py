"""HAProxy: the entrance to every balanced service, derived from the front ends that the services declare.

All load balancers must choose the same writer of the database, and they do so without an election. Only the holder of the
virtual IP carries clients, and all rank the members alike. They replicate the choice to each other in a table, so a load
balancer that takes the virtual IP over keeps the writer. docs/services/haproxy.md explains this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from hacienda.cloud import entrance
from hacienda.cloud.model import Cloud, Node, VirtualIp
from hacienda.declare import (
    Assumption,
    Certificate,
    Check,
    Frontend,
    Instead,
    Limit,
    NodeFile,
    Port,
    Sandbox,
    Script,
    Secret,
    Service,
    ServiceOptions,
    Template,
    Timer,
    authority_secret,
    placeholder,
    sandbox,
)
from hacienda.declare.override_values import DirectiveOverrides
from hacienda.declare.overrides import Directives
from hacienda.services import TEMPLATES

BUNDLE = "/etc/haproxy/tls/bundle.pem"
PEERS_TLS = "/etc/haproxy/peers"
PUBLIC_BUNDLE = "/etc/haproxy/public/bundle.pem"
CONFIGURATION = "/etc/haproxy/haproxy.cfg"
BALANCERS = "balancers"
"""Name of the section whose checks show a load balancer which of the others it reaches."""
BALANCERS_CHECK = Check(path="", inter_ms=1000, fastinter_ms=500, fall=2, rise=2)
"""Its check: whether they accept a connection, without a path."""

CLAIMED = (
    "forwarded",
    "x-forwarded-.*",
    "x-(real|client|cluster-client|originating|remote)-(ip|addr)",
    "true-client-ip",
    "x-(original|rewrite)-.*",
    "x-(scheme|url-scheme|http-method-override|host|forwarded)",
    "front-end-https",
    "proxy",
    ".*_.*",
)
"""Headers, as regular expressions, in which a proxy states who the client is, how it connected, or what it requested. HAProxy is
the only such proxy, so it removes them from a client's request. oslo.middleware's http_proxy_to_wsgi believes `Forwarded`, then
X-Forwarded-Proto, -Host, -For and -Prefix. werkzeug's ProxyFix believes the last X-Forwarded-For and -Proto. `Proxy` is httpoxy's.
WSGI reads an underscore in a name as a hyphen (`X_Forwarded_Host`), so names with an underscore are removed, as in nginx."""

Seconds = Annotated[float, Field(ge=0.01, le=86400)]


class Options(ServiceOptions):
    """Options of HAProxy; times in seconds."""

    connect_timeout: Seconds = 1.0
    """Time in which a backend must accept a connection, TLS included. Default: 1. With ten (docs/reference.md#haproxy) a request
    to a dead machine waits for ten seconds before it is sent to another one."""
    writer_connect_timeout: Seconds = 0.5
    """The same for a single-writer front end (the database). Default: 0.5, as measured (docs/services/haproxy.md)."""
    timeout: Seconds = 60
    """Inactivity of client or server after which a connection ends, unless the service declares its own. Default: 60."""
    request_timeout: Seconds = 10
    """Time in which a client must send its request. Default: 10."""
    keep_alive_timeout: Seconds = 10
    """Idleness after which a client's connection ends. Default: 10."""
    queue_timeout: Seconds = 60
    """Time that a request waits for a free backend before it is refused. Default: 60."""
    check_timeout: Seconds = 5
    """Time in which a backend must answer a health check, once connected. Default: 5."""
    drain_timeout: Annotated[int, Field(ge=1, le=86400)] = 660
    """Time after a reload at which connections of the old configuration are cut. Default: 660, longer than the 600 s after which
    OpenStack's database pools renew their connections."""
    connections: Annotated[int, Field(ge=100, le=250000)] = 40000
    """Concurrent connections of all front ends together; each has a share of its own (docs/services/haproxy.md). Default: 40000;
    at most 8000 in containers of a lab, whose open files are limited. At most 250000, because each takes two open files and
    systemd allows a daemon 524,288."""
    connections_per_source: Annotated[int, Field(ge=1, le=100000)] = 256
    """Concurrent connections of one address to one front end, and at most a quarter of the front end's share for strangers.
    Default: 256, enough for a few hundred people behind one address (NAT), because an idle connection ends after
    `keep_alive_timeout`. The environment's own controllers are exempt."""
    new_connections_per_source: Annotated[int, Field(ge=1, le=100000)] = 500
    """New connections of one address to one front end in 10 s. Default: 500. Each costs a TLS handshake."""
    passwords_per_source: Annotated[int, Field(ge=1, le=100000)] = 300
    """Requests of one address in 60 s that check a password (a POST to Keystone); HAProxy answers more with 429. Default: 300.
    Each costs a quarter of a second of a processor."""
    overrides: DirectiveOverrides = Field(default_factory=dict)
    """Directives of haproxy.cfg that Hacienda does not set, by section:
    `{"listen keystone-api": ["http-response set-header X-Frame-Options DENY"]}`."""


@dataclass(frozen=True)
class Server:
    """One backend: node name, fully qualified name (as in its certificate), address, and limit of concurrent requests (None: no
    limit)."""

    name: str
    fqdn: str
    address: str
    requests: int | None = None


@dataclass(frozen=True)
class Listener:
    """One front end with its backends.

    Args:
        name: `<service>-<port>`.
        binds: `address:port` on the virtual IPs.
        certificates: for each of these, HAProxy's `crt` arguments; a client that asks for no known name gets the first.
        front: the declaration.
        port: port number, the same in front and behind.
        check_port: port number that health checks ask.
        host: value of the checks' Host header.
        authority: file of the authority that signs the backends' certificates.
        servers: backends, in the cloud's order on every load balancer.
        share: its share of the connections.
    """

    name: str
    binds: tuple[str, ...]
    certificates: tuple[str, ...]
    front: Frontend
    port: int
    check_port: int
    host: str
    authority: str
    servers: tuple[Server, ...]
    share: entrance.Share

    @property
    def check(self) -> Check:
        """The declared health check."""
        return self.front.check


_CONTAINER_CONNECTIONS = 8000
"""HAProxy needs two file descriptors per connection, and a lab's container gets 20,000 at most."""

_BUFFER = 16 * 1024
"""Bytes of a request without its body: HAProxy's own default of `tune.bufsize`."""


def limit(cloud: Cloud) -> int:
    """Connections that a load balancer of this cloud may hold at a time."""
    options = _options(cloud)
    return min(options.connections, _CONTAINER_CONNECTIONS) if cloud.platform.containers else options.connections


def door(cloud: Cloud) -> entrance.Entrance:
    """The front ends and their shares."""
    return entrance.Entrance(cloud, limit(cloud), _options(cloud).connections_per_source)


def _options(cloud: Cloud) -> Options:
    return cloud.options_of(Options)


def _servers(cloud: Cloud, service: Service, front: Frontend | None = None) -> tuple[Server, ...]:
    def requests(node: Node) -> int | None:
        if front is None or front.mode != "http" or front.capacity is None:
            return None
        # One is kept free for its health check and for clients on its own machine.
        return max(1, front.capacity(cloud, node) - 1)

    return tuple(Server(n.name, cloud.fqdn(n), str(cloud.address(n)), requests(n)) for n in cloud.servers(service.name))


def _listener(cloud: Cloud, service: Service, front: Frontend, shares: Mapping[str, entrance.Share]) -> Listener | None:
    """The front end, or None where the environment has no virtual IP for it."""
    vips = {vip.address: vip for scope in front.scopes if (vip := cloud.virtual_ip(scope)) is not None}
    if not vips:
        return None
    number = service.port(front.port).number
    name = entrance.name(service, front)
    return Listener(
        name=name,
        binds=tuple(f"{address}:{number}" for address in sorted(vips)),
        certificates=tuple(_certificates(cloud, front, vips[address]) for address in sorted(vips)),
        front=front,
        port=number,
        check_port=service.port(front.check.port or front.port).number,
        host=next(iter(vips.values())).hostname,
        authority=_authority(service),
        servers=_servers(cloud, service, front),
        share=shares[name],
    )


def _certificates(cloud: Cloud, front: Frontend, vip: VirtualIp) -> str:
    """The certificates of a virtual IP: another authority's for the public name, the environment's own for the rest."""
    if cloud.public_certificate is None or "public" not in vip.scopes or "public" not in front.scopes:
        return f"crt {BUNDLE}"
    return f"crt {PUBLIC_BUNDLE} crt {BUNDLE}" if "internal" in vip.scopes else f"crt {PUBLIC_BUNDLE}"


def _authority(backends: Service) -> str:
    return f"/etc/haproxy/backends/{backends.authority}/ca.pem"


def _node_files(cloud: Cloud, node: Node) -> tuple[NodeFile, ...]:
    """The authorities that sign the backends' certificates, and another authority's certificate for the public name."""
    balanced = {_authority(each): each.authority for each in cloud.services if each.frontends}
    secrets = {path: (authority_secret(purpose), "x509") for path, purpose in balanced.items()}
    if cloud.public_certificate is not None:
        secrets[PUBLIC_BUNDLE] = (cloud.public_certificate.bundle_name, "secret")
    return tuple(
        NodeFile(path, placeholder(name), checker=checker, mode=0o400, on_change="reload")
        for path, (name, checker) in secrets.items()
    )


def listeners(cloud: Cloud) -> Iterator[Listener]:
    """Every front end of the cloud, by service in start order."""
    shares = door(cloud).shares
    for service in cloud.services:
        for front in service.frontends:
            listener = _listener(cloud, service, front, shares)
            if listener is not None:
                yield listener


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    found = tuple(listeners(cloud))
    balancers = _servers(cloud, service)
    replicated = any(listener.front.single_writer for listener in found)
    return {
        "listeners": found,
        "address": cloud.address(node),
        "fqdn": cloud.fqdn(node),
        "balancers": balancers,
        "replicated": replicated,
        "peers_tls": PEERS_TLS,
        "majority": _majority(cloud),
        "balancers_check": BALANCERS_CHECK,
        "door": door(cloud),
        "statistics_connections": entrance.STATISTICS,
        "health_connections": entrance.HEALTH,
        "buffer": _BUFFER + max((one.front.largest_body or 0 for one in found if one.front.mode == "http"), default=0),
        "claimed": CLAIMED,
        "ms": _milliseconds,
    }


def _inactivity(cloud: Cloud, node: Node) -> Mapping[str, float]:
    """Seconds without a byte after which a connection ends, by listener."""
    default = _options(cloud).timeout
    return {
        one.name: default if one.front.timeout_seconds is None else one.front.timeout_seconds
        for one in listeners(cloud)
    }


def _tunnels(cloud: Cloud, node: Node) -> Mapping[str, float]:
    """Seconds without a byte after which a tunnel ends, by listener that has any."""
    return {one.name: one.front.tunnel_seconds for one in listeners(cloud) if one.front.tunnel_seconds is not None}


def _checked(value: Callable[[Check], float]) -> Callable[[Cloud, Node], Mapping[str, float]]:
    """A value of the health checks, by the section whose servers are checked."""

    def found(cloud: Cloud, node: Node) -> Mapping[str, float]:
        asked = {one.name: value(one.check) for one in listeners(cloud)}
        return asked | ({BALANCERS: value(BALANCERS_CHECK)} if _majority(cloud) else {})

    return found


def _majority(cloud: Cloud) -> int | None:
    """How many load balancers are a majority; None where a load balancer need not notice that it is cut off from the others."""
    balancers = len(cloud.servers("haproxy"))
    replicated = any(listener.front.single_writer for listener in listeners(cloud))
    return balancers // 2 + 1 if replicated and balancers > 1 else None


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    found = tuple(listeners(cloud))
    return {
        "writers": [listener.name for listener in found if listener.front.single_writer],
        "balanced": [listener.name for listener in found],
    }


service = Service(
    name="haproxy",
    title="The entrance to every balanced service",
    roles=("controller",),
    provides=("load balancer",),
    after=("host", "firewall"),
    packages=("haproxy", "socat"),
    units=("haproxy.service", "haproxy-writer.service"),
    ports=(Port("statistics", 8404, clients="operator"), Port("writer-table", 8406, clients="peers")),
    files=(
        Template(CONFIGURATION, checker="haproxy", mode=0o600, on_change="reload"),
        Certificate("/etc/haproxy/tls", virtual_ips=True),
        # A peer that writes the table of writers decides where the database's clients connect.
        Certificate(PEERS_TLS, usage="peer", authority="haproxy-peers"),
        Template(
            "/etc/systemd/system/haproxy.service",
            checker="systemd-analyze",
            on_change="none",
        ),
        Template("/etc/systemd/system/haproxy-drain.service", checker="systemd-analyze", on_change="none"),
        Template("/etc/systemd/system/haproxy-writer.service", checker="systemd-analyze", on_change="reload"),
    ),
    node_files=_node_files,
    variables=_variables,
    facts=_facts,
    options=Options,
    overrides=Directives(
        CONFIGURATION,
        TEMPLATES / "haproxy/haproxy.cfg.j2",
        kinds={
            "global": (
                r"(chroot|user|group|uid|gid|daemon|pidfile|stats.*|nbthread|peers|localpeer|log|ca-base|crt-base)",
            ),
            "defaults": (r"(mode|balance|default-server|retry-on|(http|tcp|external)-check.*|option .*(chk|check).*)",),
            "frontend": (r"(bind|mode|monitor.*|use_backend|default_backend)",),
            "listen": (
                r"(bind|mode|balance|hash-type|source|dispatch|use_backend|default_backend|use-server|disabled|retry-on)",
                r"(server.*|default-server|stick.*|retries|redispatch|timeout (connect|check|client|server))",
                r"((http|tcp|external)-check.*|option .*(chk|check|redispatch|transparent).*)",
            ),
        },
        two_words=(
            "timeout",
            "option",
            "stats",
            "http-check",
            "tcp-check",
            "http-request",
            "http-response",
            "tcp-request",
        ),
    ),
    secrets=(Secret("haproxy/statistics"),),
    timers=(
        Timer(
            "connect time-out", lambda cloud, node: _options(cloud).connect_timeout, CONFIGURATION, "connect_timeout"
        ),
        Timer(
            "writer connect time-out",
            lambda cloud, node: _options(cloud).writer_connect_timeout,
            CONFIGURATION,
            "writer_connect_timeout",
        ),
        Timer("check time-out", lambda cloud, node: _options(cloud).check_timeout, CONFIGURATION, "check_timeout"),
        Timer("client time-out", _inactivity, CONFIGURATION, "timeout"),
        Timer("server time-out", _inactivity, CONFIGURATION, "timeout"),
        Timer("tunnel time-out", _tunnels, CONFIGURATION),
        Timer("inter", _checked(lambda check: check.inter_ms / 1000), CONFIGURATION),
        Timer("fastinter", _checked(lambda check: check.fastinter_ms / 1000), CONFIGURATION),
        Timer("fall", _checked(lambda check: check.fall), CONFIGURATION),
        Timer("hard-stop-after", lambda cloud, node: _options(cloud).drain_timeout, CONFIGURATION, "drain_timeout"),
    ),
    limits=(Limit("connections", lambda cloud, node: limit(cloud), CONFIGURATION, "connections"),),
    sandboxes=(
        Sandbox(
            "haproxy.service",
            ceiling=3.8,
            instead=(
                Instead("SystemCallFilter", "@system-service chroot", "its workers enter their chroot"),
                Instead("ProtectSystem", "full", "it writes its PID file and its master's socket to /run itself"),
                sandbox.COMPILES_PATTERNS,
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL "
                    "CAP_NET_BIND_SERVICE CAP_SETGID CAP_SETUID CAP_SYS_CHROOT CAP_SYS_RESOURCE",
                    "it starts as root to open ports and read keys, and enters its chroot",
                ),
            ),
        ),
        Sandbox(
            "haproxy-drain.service",
            ceiling=3.0,
            instead=(Instead("CapabilityBoundingSet", "CAP_DAC_OVERRIDE", "the sockets are HAProxy's"),),
        ),
        Sandbox(
            "haproxy-writer.service",
            ceiling=3.0,
            instead=(Instead("CapabilityBoundingSet", "CAP_DAC_OVERRIDE", "the sockets are HAProxy's"),),
        ),
    ),
    verify=Script("verify.sh"),
    scripts=(Script("drain.sh"), Script("writer.sh", on_change="reload")),
    assumptions=(
        Assumption("haproxy", "program", "/usr/sbin/haproxy", reason="haproxy.service starts it"),
        Assumption("haproxy", "user", "haproxy", reason="it drops its privileges to that user"),
        Assumption("haproxy", "group", "haproxy", reason="it drops its privileges to that group"),
        Assumption("haproxy", "folder", "/var/lib/haproxy", reason="its workers have their chroot there"),
    ),
)
