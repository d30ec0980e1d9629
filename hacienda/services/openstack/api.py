"""An API under uWSGI: its options, and the files, scripts and figures that are the same for each.

The templates are in `templates/openstack/`: `uwsgi.ini.j2` and `api.service.j2` whole, `database.j2`, `authtoken.j2` and
`middleware.j2` as parts of the service's own configuration. Each finds what it needs in the variable `api`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Account,
    Assumption,
    Capability,
    Certificate,
    Instead,
    Sandbox,
    Script,
    Service,
    ServiceOptions,
    Template,
    Timer,
    TrustAnchor,
)

HARAKIRI_SECONDS = 90
"""Until a worker whose threads all hang is ended, with their requests: longer than HAProxy waits for an answer (60 s), so that
nobody hears it any more."""
MAX_DEFAULT_WORKERS = 5
"""kolla-ansible's cap: an API shares its machine with every other one."""
REQUIRES: tuple[Capability, ...] = ("database", "cache", "coordination", "identity", "load balancer", "virtual ip")
"""Of every API but Keystone's, which is the identity itself."""
SERVES_WITHOUT: tuple[Capability, ...] = ("coordination", "cache")
"""Of these: what it needs to start alone, and what makes it slower while it is away."""
PACKAGES = ("curl", "python3-pymysql", "uwsgi-core", "uwsgi-plugin-python3")
"""What uWSGI, the connection to the database and verify.sh need."""
OWNED = (
    r"(database|\w+_database)\..*connection.*",
    r"DEFAULT\.transport_url",
    # How it proves who it is, and whom it believes: `insecure` would believe anybody.
    r"(healthcheck|paste_deploy|oslo_middleware|keystone_authtoken)\..*",
)
"""Patterns of options that no operator overrides, for the `overrides` of an API's configuration."""


class ApiOptions(ServiceOptions):
    """Options of every API."""

    workers: int | None = Field(default=None, ge=1, le=64)
    """uWSGI processes. Default: the machine's CPUs, 2 to 5; 2 where they are not declared."""
    threads: int = Field(default=4, ge=1, le=64)
    """Threads per process; each may hold one database connection."""
    database_read_timeout: int = Field(default=5, ge=1, le=3600)
    """Seconds until a query on a connection that went silent is given up; more than a failover of the database (2.5 s)."""


@dataclass(frozen=True)
class Wsgi:
    """How uWSGI loads an application.

    Args:
        application: the option that names it: `module = placement.wsgi.api`.
        preload: modules, or files, that all workers share: loading them is most of a start.
        health: page of the application that answers load balancers; empty: it has the health check of oslo.middleware.
    """

    application: str
    preload: tuple[str, ...]
    health: str = ""


@dataclass(frozen=True)
class Api:
    """What the templates find in `api`.

    Args:
        folder: the service's folder in /etc.
        largest_body: bytes of a request's body; None: of any size, and a request takes as long as it takes.
        database_server: `host:port`.
        cache_servers: `address:port` of every cache.
    """

    folder: str
    wsgi: Wsgi
    address: str
    port: int
    workers: int
    threads: int
    pool: tuple[int, int]
    harakiri: int
    largest_body: int | None
    database: Account
    identity: Account | None
    database_server: str
    cache_servers: tuple[str, ...]
    auth_url: str

    @property
    def tls(self) -> str:
        """Folder of the leaf that it shows."""
        return f"{self.folder}/tls"

    @property
    def database_trust(self) -> str:
        """Folder of the authority that signs what the database shows."""
        return f"{self.folder}/database"

    @property
    def identity_trust(self) -> str:
        """Folder of the authority that signs what clients are shown at the virtual IP."""
        return f"{self.folder}/identity"


def workers(options: ApiOptions, node: Node) -> int:
    """uWSGI processes on a node."""
    return options.workers or max(2, min(MAX_DEFAULT_WORKERS, node.cpus or 2))


def pool(options: ApiOptions) -> tuple[int, int]:
    """`max_pool_size` and `max_overflow` of a worker: a connection for each thread, one to spare, and as many again."""
    return options.threads + 1, options.threads


def capacity(model: type[ApiOptions]) -> Callable[[Cloud, Node], int]:
    """For a front end: requests at a time, one for each thread of each worker."""

    def of(cloud: Cloud, node: Node) -> int:
        options = cloud.options_of(model)
        return workers(options, node) * options.threads

    return of


def connections(model: type[ApiOptions]) -> Callable[[Cloud, Node], int]:
    """For an account of the kind `database`: connections that the workers on a node may open."""

    def of(cloud: Cloud, node: Node) -> int:
        options = cloud.options_of(model)
        return workers(options, node) * sum(pool(options))

    return of


def variables(cloud: Cloud, node: Node, service: Service, options: ApiOptions, wsgi: Wsgi) -> Mapping[str, Any]:
    """For the templates: `api`."""
    database = cloud.registry.provider("database")
    cache = cloud.registry.provider("cache")
    identity = [account for account in service.accounts if account.kind == "identity"]
    front = service.frontends[0]
    return {
        "api": Api(
            folder=folder(service.name),
            wsgi=wsgi,
            address=str(cloud.address(node)),
            port=service.port(front.port).number,
            workers=workers(options, node),
            threads=options.threads,
            pool=pool(options),
            harakiri=HARAKIRI_SECONDS,
            largest_body=front.largest_body,
            database=next(account for account in service.accounts if account.kind == "database"),
            identity=identity[0] if identity else None,
            database_server="{}:{}".format(*cloud.endpoint(database.name, database.frontends[0].port)),
            cache_servers=tuple(f"{cloud.address(one)}:{cache.ports[0].number}" for one in cloud.members(cache.name)),
            auth_url=auth_url(cloud),
        )
    }


def facts(cloud: Cloud, node: Node, service: Service, path: str) -> Mapping[str, Any]:
    """For verify.sh: where this node's API and Keystone are, which account it asks with, and `path`, which only a token gets."""
    (account,) = (account for account in service.accounts if account.kind == "identity")
    secrets = "/var/lib/hacienda/secrets"
    return {
        "auth_url": auth_url(cloud),
        "local_url": f"https://{cloud.address(node)}:{service.port(service.frontends[0].port).number}",
        "verify_path": path,
        "identity_user": f"{secrets}/{account.user_name}",
        "identity_password": f"{secrets}/{account.password}",
    }


def migration(
    cloud: Cloud, configuration: str, section: str, command: str, used: str, online: str = ""
) -> Mapping[str, Any]:
    """For migrate.sh.

    Args:
        configuration, section: where the connection is.
        command: Python module of the management tool, and its arguments, that bring the schema to what the code needs.
        used: a query that finds a row once anybody has used the tables: what an interrupted first migration left is dropped.
        online: as `command`, for what is left to do once every node runs the new code; empty: nothing is.
    """
    return {
        "configuration": configuration,
        "migrate_section": section,
        "migrate": command,
        "migrate_online": online,
        "migrate_used": used,
        "database_members": len(cloud.members(cloud.registry.provider("database").name)),
    }


def auth_url(cloud: Cloud) -> str:
    """Keystone's URL inside the cloud, with its version."""
    identity = cloud.registry.provider("identity")
    host, port = cloud.endpoint(identity.name, identity.frontends[0].port)
    return f"https://{host}:{port}/v3"


def folder(name: str) -> str:
    """A service's folder in /etc."""
    return f"/etc/{name}"


def files(name: str) -> tuple[Certificate | TrustAnchor | Template, ...]:
    """Certificate, trusted authorities, uWSGI's configuration and the unit of the service of that name."""
    return (
        # uWSGI reads it when its master starts, not when workers reload.
        Certificate(f"{folder(name)}/tls", group=name, on_change="restart"),
        TrustAnchor(f"{folder(name)}/database", "database", group=name),
        TrustAnchor(f"{folder(name)}/identity", "identity", group=name),
        Template(f"{folder(name)}/uwsgi.ini", checker="uwsgi", source="../openstack/uwsgi.ini.j2"),
        Template(
            f"/etc/systemd/system/{name}.service", checker="systemd-analyze", source="../openstack/api.service.j2"
        ),
    )


def script(name: str) -> Script:
    """One of the shared scripts, as the service's own."""
    return Script(name, source=f"../openstack/{name}")


SCRIPTS = tuple(map(script, ("bytes_only.py", "database.py", "identity.py", "reload.sh")))
"""What uWSGI's configuration and the unit name, and what scripts import."""


def sandbox(name: str) -> Sandbox:
    """The unit's."""
    return Sandbox(
        f"{name}.service",
        ceiling=2.5,
        writes=(f"/var/lib/{name}", f"/var/log/{name}"),
        instead=(Instead("MemoryDenyWriteExecute", "", "Python's foreign functions write code"),),
    )


def timers(name: str, configuration: str, model: type[ApiOptions]) -> tuple[Timer, ...]:
    """Of the connection to the database, and of the unit."""
    unit = f"/etc/systemd/system/{name}.service"
    return (
        Timer("database connect_timeout", 3, configuration),
        Timer(
            "database read_timeout",
            lambda cloud, node: cloud.options_of(model).database_read_timeout,
            configuration,
            "database_read_timeout",
        ),
        Timer("connection_recycle_time", 600, configuration),
        Timer("restart", 5, unit),
        Timer("drain", 5, unit),
    )


def assumptions(package: str, name: str) -> tuple[Assumption, ...]:
    """What the shared files rely on.

    Args:
        package: the one that makes the user.
        name: of the service, its user and its group.
    """
    return (
        Assumption("uwsgi-core", "program", "/usr/bin/uwsgi_python3", reason=f"{name}.service starts it"),
        Assumption(package, "user", name, reason="it runs as that user"),
        Assumption(package, "group", name, reason="the group may read its configuration"),
        Assumption(package, "folder", f"/var/lib/{name}", reason="its workers run there"),
        *(
            Assumption(
                of,
                "line",
                f"/usr/lib/python3/dist-packages/{path}",
                line,
                reason="bytes_only.py has the pool's clients take bytes alone",
            )
            for of, path, line in (
                ("python3-memcache", "memcache.py", r"^\s+def _recv_value\(self, server, flags, rlen\):$"),
                ("python3-memcache", "memcache.py", r"^\s+pickler=pickle\.Pickler, unpickler=pickle\.Unpickler,$"),
                ("python3-oslo.cache", "oslo_cache/_memcache_pool.py", r"^class _MemcacheClient\(memcache\.Client\):$"),
                ("python3-oslo.cache", "oslo_cache/_memcache_pool.py", r"^    def _create_connection\(self\):$"),
            )
        ),
    )
