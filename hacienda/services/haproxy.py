"""HAProxy: the entrance to every balanced service, derived from the front ends that the services declare.

Three load balancers must agree on who the database's writer is. They do without asking anybody: only the holder of the
virtual IP carries clients, all rank the members alike, and the choice is kept in a table that they replicate to each
other, so that whoever takes the virtual IP over goes on with the same writer. docs/services/haproxy.md has the reasoning.
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
"""Name of the section by which a load balancer sees which of the others it reaches."""
BALANCERS_CHECK = Check(path="", inter_ms=1000, fastinter_ms=500, fall=2, rise=2)
"""How it asks: whether they accept a connection, no path."""

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
"""Headers, as regular expressions, by which a proxy tells a server who the client is, how it came, or what it asked for. Only
we are that proxy, so a client's are taken away. oslo.middleware's http_proxy_to_wsgi believes `Forwarded`, then X-Forwarded-Proto,
-Host, -For and -Prefix; werkzeug's ProxyFix the last X-Forwarded-For and -Proto; `Proxy` is httpoxy's. With an underscore a name
is, to WSGI, the same as with a hyphen (`X_Forwarded_Host`), so none with an underscore is let in, as in nginx."""

Seconds = Annotated[float, Field(ge=0.01, le=86400)]


class Options(ServiceOptions):
    """Options of HAProxy; times in seconds."""

    connect_timeout: Seconds = 1.0
    """Until a backend must have accepted a connection, TLS included. Default: 1; ten (docs/reference.md#haproxy) would let a
    request to a dead machine wait for ten seconds before it is sent to another one."""
    writer_connect_timeout: Seconds = 0.5
    """The same for a single-writer front end (the database). Default: 0.5, as measured (docs/services/haproxy.md)."""
    timeout: Seconds = 60
    """Inactivity of client and server after which a connection ends, where the service does not say. Default: 60."""
    request_timeout: Seconds = 10
    """Until a client must have sent its request. Default: 10."""
    keep_alive_timeout: Seconds = 10
    """Until an idle client connection ends. Default: 10."""
    queue_timeout: Seconds = 60
    """Until a request that waits for a free backend is refused. Default: 60."""
    check_timeout: Seconds = 5
    """Until a health check must be answered, once connected. Default: 5."""
    drain_timeout: Annotated[int, Field(ge=1, le=86400)] = 660
    """After a reload, until connections of the old configuration are cut. Default: 660: longer than the 600 s after which
    OpenStack's database pools renew their connections by themselves."""
    connections: Annotated[int, Field(ge=100, le=250000)] = 40000
    """Connections at a time, of all front ends together; each has a share of its own (docs/services/haproxy.md). Default: 40000;
    containers of a lab get at most 8000, their open files are limited. At most 250000: each takes two open files, and systemd lets
    a daemon have 524,288."""
    connections_per_source: Annotated[int, Field(ge=1, le=100000)] = 256
    """Connections at a time that one address may have to one front end, and at most a quarter of what the front end has for
    strangers. Default: 256: a few hundred people behind one address (NAT) do with it, because an idle connection ends after
    `keep_alive_timeout`. The environment's own controllers have no such bound."""
    new_connections_per_source: Annotated[int, Field(ge=1, le=100000)] = 500
    """New connections that one address may make to one front end in 10 s. Default: 500. Each costs a TLS handshake."""
    passwords_per_source: Annotated[int, Field(ge=1, le=100000)] = 300
    """Requests that check a password (a POST to Keystone) that one address may make in 60 s; more are answered with 429.
    Default: 300. Each costs a quarter of a second of a processor."""
    overrides: DirectiveOverrides = Field(default_factory=dict)
    """Directives of haproxy.cfg that Hacienda does not set, by section:
    `{"listen keystone-api": ["http-response set-header X-Frame-Options DENY"]}`."""


@dataclass(frozen=True)
class Server:
    """One backend: node name, fully qualified name (its certificate's), address, and how many requests it is given at a time; None:
    as many as there are."""

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
        certificates: for each of these, HAProxy's `crt` arguments: the first is shown to whoever asks for no known name.
        front: the declaration.
        port: port number, the same in front and behind.
        check_port: port number that health checks ask.
        host: value of the checks' Host header.
        authority: file with whom the backends' certificates are verified by.
        servers: backends, in the cloud's order on every load balancer.
        share: connections that it may hold.
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
        # One is left for its health check and for who asks it on its own machine.
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
    """The certificates of a virtual IP: one of another authority for the public name, the environment's own for the rest."""
    if cloud.public_certificate is None or "public" not in vip.scopes or "public" not in front.scopes:
        return f"crt {BUNDLE}"
    return f"crt {PUBLIC_BUNDLE} crt {BUNDLE}" if "internal" in vip.scopes else f"crt {PUBLIC_BUNDLE}"


def _authority(backends: Service) -> str:
    return f"/etc/haproxy/backends/{backends.authority}/ca.pem"


def _node_files(cloud: Cloud, node: Node) -> tuple[NodeFile, ...]:
    """Whom backends' certificates are verified by, and the certificate of another authority for the public name."""
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


def _checked(value: Callable[[Check], float]) -> Callable[[Cloud, Node], Mapping[str, float]]:
    """A number of the health checks, by the section whose servers are checked."""

    def found(cloud: Cloud, node: Node) -> Mapping[str, float]:
        asked = {one.name: value(one.check) for one in listeners(cloud)}
        return asked | ({BALANCERS: value(BALANCERS_CHECK)} if _majority(cloud) else {})

    return found


def _majority(cloud: Cloud) -> int | None:
    """Load balancers that are a majority; None where none of them has to find out whether it is cut off from the others."""
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
        # Who writes the table of writers decides where the database's clients go.
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
                Instead("SystemCallFilter", "@system-service chroot", "its workers go into their chroot"),
                Instead("ProtectSystem", "full", "its process file and its master's socket are in /run itself"),
                sandbox.COMPILES_PATTERNS,
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL "
                    "CAP_NET_BIND_SERVICE CAP_SETGID CAP_SETUID CAP_SYS_CHROOT CAP_SYS_RESOURCE",
                    "it begins as root, for ports and keys, and goes into its chroot",
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
        Assumption("haproxy", "user", "haproxy", reason="it gives its privileges up to that user"),
        Assumption("haproxy", "group", "haproxy", reason="it gives its privileges up to that group"),
        Assumption("haproxy", "folder", "/var/lib/haproxy", reason="it locks itself into that folder"),
    ),
)
