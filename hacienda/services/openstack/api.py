"""APIs under uWSGI: the options, files, scripts and figures that they share.

The templates are in `templates/openstack/`. `uwsgi.ini.j2` and `api.service.j2` are whole files. A service's own configuration
includes `database.j2`, `authtoken.j2` and `middleware.j2`. All of them read the variable `api`.
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
from hacienda.services.openstack import upgrade

HARAKIRI_SECONDS = 90
"""Seconds after which uWSGI ends a worker whose threads all hang, with their requests: longer than the 60 s that HAProxy waits, so
that no client still waits for the answers."""
MAX_DEFAULT_WORKERS = 5
"""Highest default, as in kolla-ansible: an API shares its machine with every other one."""
REQUIRES: tuple[Capability, ...] = ("database", "cache", "coordination", "identity", "load balancer", "virtual ip")
"""What every API but Keystone requires; Keystone provides `identity`."""
SERVES_WITHOUT: tuple[Capability, ...] = ("coordination", "cache")
"""Of these: `coordination` is needed only to start; without `cache` an API is slower."""
PACKAGES = ("curl", "python3-pymysql", "uwsgi-core", "uwsgi-plugin-python3")
"""Packages for uWSGI, the connection to the database and verify.sh."""
OWNED = (
    r"(database|\w+_database)\..*connection.*",
    r"DEFAULT\.transport_url",
    # How the API authenticates, and what it trusts: with `insecure` it would trust any server.
    r"(healthcheck|paste_deploy|oslo_middleware|keystone_authtoken)\..*",
    r"oslo_messaging_rabbit\.(ssl.*|rabbit_(quorum|transient|stream|qos|interval_max).*|use_queue_manager|heartbeat_.*|kombu_reconnect.*)",
    r"oslo_messaging_notifications\.driver",
    # How it calls the other APIs, and as whom.
    r"(cinder|glance|keystone|neutron|nova|placement|service_user)\.(auth_.*|username|password|project_.*|user_.*|cafile|insecure)",
    r"(cinder|glance|keystone|neutron|nova|placement|service_user)\.((os_)?region_name|valid_interfaces|endpoint_type|catalog_info|\w*_user_token)",
)
"""Patterns of options that an operator cannot override, for the `overrides` of an API's configuration."""


class ApiOptions(ServiceOptions):
    """Options of every API."""

    workers: int | None = Field(default=None, ge=1, le=64)
    """uWSGI processes. Default: the machine's CPUs, 2 to 5; 2 where they are not declared."""
    threads: int = Field(default=4, ge=1, le=64)
    """Threads per process; each may hold one database connection."""
    database_read_timeout: int = Field(default=5, ge=1, le=3600)
    """Seconds after which a query on a silent connection is given up. Default: 5, more than a failover of the database (2.5 s)."""


@dataclass(frozen=True)
class Wsgi:
    """How uWSGI loads an application.

    Args:
        application: uWSGI's option that names it, such as `module = placement.wsgi.api`.
        preload: modules, or files, that all workers share: loading them takes most of a start.
        health: path of the application that answers load balancers; empty: it has the health check of oslo.middleware.
        settings: further lines of uWSGI's configuration, which the application reads or which name its configuration.
        trusts_environment: the authority at the virtual IP is in REQUESTS_CA_BUNDLE. False where a client verifies another server,
            because the Python library requests prefers the variable to a session's own authority.
    """

    application: str
    preload: tuple[str, ...]
    health: str = ""
    settings: tuple[str, ...] = ()
    trusts_environment: bool = True


@dataclass(frozen=True)
class Api:
    """Values for the templates, in the variable `api`.

    Args:
        folder: the service's folder in /etc.
        unit: name of the unit, without its suffix. The unit's folder in /run has it too.
        title: the unit's description.
        settings: path of uWSGI's configuration.
        largest_body: limit of a request's body, in bytes; None: no limit, and none of the request's duration.
        database_server: `host:port`.
        cache_servers: `address:port` of every cache.
    """

    folder: str
    unit: str
    title: str
    settings: str
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
        """Folder of the API's own certificate."""
        return f"{self.folder}/tls"

    @property
    def database_trust(self) -> str:
        """Folder of the authority that signs the database's certificates."""
        return f"{self.folder}/database"

    @property
    def identity_trust(self) -> str:
        """Folder of the authority that signs the certificates at the virtual IP."""
        return f"{self.folder}/identity"


def workers(options: ApiOptions, node: Node) -> int:
    """uWSGI processes on a node."""
    return options.workers or max(2, min(MAX_DEFAULT_WORKERS, node.cpus or 2))


def pool(options: ApiOptions) -> tuple[int, int]:
    """`max_pool_size` and `max_overflow` of a worker: a connection for each thread, one to spare, and as many again."""
    return options.threads + 1, options.threads


def capacity(model: type[ApiOptions]) -> Callable[[Cloud, Node], int]:
    """Capacity of a front end: concurrent requests, one for each thread of each worker."""

    def of(cloud: Cloud, node: Node) -> int:
        options = cloud.options_of(model)
        return workers(options, node) * options.threads

    return of


def connections(model: type[ApiOptions]) -> Callable[[Cloud, Node], int]:
    """Connections of an account of the kind `database`: how many the workers on a node may open."""

    def of(cloud: Cloud, node: Node) -> int:
        options = cloud.options_of(model)
        return workers(options, node) * sum(pool(options))

    return of


def variables(
    cloud: Cloud, node: Node, service: Service, options: ApiOptions, wsgi: Wsgi, unit: str = ""
) -> Mapping[str, Any]:
    """Variables of the templates: `api`. `unit` is as for `files`."""
    database = cloud.registry.provider("database")
    cache = cloud.registry.provider("cache")
    identity = [account for account in service.accounts if account.kind == "identity"]
    front = service.frontends[0]
    return {
        "api": Api(
            folder=folder(service.name),
            unit=unit or service.name,
            title=service.title,
            settings=f"{folder(service.name)}/uwsgi.ini",
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


def facts(cloud: Cloud, node: Node, service: Service, path: str, unit: str = "") -> Mapping[str, Any]:
    """Facts for verify.sh: URLs of this node's API and of Keystone, the account that it uses, and `path`, which needs a token.

    `unit` is as for `files`.
    """
    (account,) = (account for account in service.accounts if account.kind == "identity")
    secrets = "/var/lib/hacienda/secrets"
    return {
        "api_unit": unit or service.name,
        "auth_url": auth_url(cloud),
        "local_url": f"https://{cloud.address(node)}:{service.port(service.frontends[0].port).number}",
        "verify_path": path,
        "identity_user": f"{secrets}/{account.user_name}",
        "identity_password": f"{secrets}/{account.password}",
    }


def migration(
    cloud: Cloud, configuration: str, section: str, command: str, used: str, online: str = ""
) -> Mapping[str, Any]:
    """Facts for migrate.sh.

    Args:
        configuration, section: file and section that hold the connection.
        command: Python module of the management tool, with the arguments that bring the schema to what the code needs.
        used: a query that finds a row once the tables are in use; before that, an interrupted first migration is dropped.
        online: like `command`, for the work that is left once every node runs the new code; empty: none.
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


def files(name: str, unit: str = "", checker: str = "uwsgi") -> tuple[Certificate | TrustAnchor | Template, ...]:
    """Certificate, trusted authorities, uWSGI's configuration, the unit of an API and that of its release's own check.

    Args:
        name: the service's name.
        unit: name of the unit, without its suffix; empty: the service's. A service with more daemons than its API needs another.
        checker: what checks uWSGI's configuration: `uwsgi-settings` where the application does not load without other servers.
    """
    return (
        # uWSGI reads it when its master starts, not when workers reload.
        Certificate(f"{folder(name)}/tls", group=name, on_change="restart"),
        TrustAnchor(f"{folder(name)}/database", "database", group=name),
        TrustAnchor(f"{folder(name)}/identity", "identity", group=name),
        Template(f"{folder(name)}/uwsgi.ini", checker=checker, source="../openstack/uwsgi.ini.j2"),
        Template(
            f"/etc/systemd/system/{unit or name}.service",
            checker="systemd-analyze",
            source="../openstack/api.service.j2",
        ),
        *upgrade.files(name),
    )


def script(name: str) -> Script:
    """A shared script, as the service's own."""
    return Script(name, source=f"../openstack/{name}")


SCRIPTS = (*map(script, ("bytes_only.py", "database.py", "identity.py", "reload.sh")), *upgrade.SCRIPTS)
"""Scripts that uWSGI's configuration and the units name, and modules that scripts import."""


def sandbox(name: str, unit: str = "") -> Sandbox:
    """The sandbox of an API's unit. The arguments are as for `files`."""
    return Sandbox(
        f"{unit or name}.service",
        ceiling=2.5,
        writes=(f"/var/lib/{name}", f"/var/log/{name}"),
        instead=(Instead("MemoryDenyWriteExecute", "", "Python's foreign functions write code"),),
    )


def timers(name: str, configuration: str, model: type[ApiOptions]) -> tuple[Timer, ...]:
    """Timers of the connection to the database, and of the unit of that name."""
    unit = f"/etc/systemd/system/{name}.service"
    return (
        *database_timers(configuration, lambda cloud, node: cloud.options_of(model).database_read_timeout),
        Timer("restart", 5, unit),
        Timer("drain", 5, unit),
    )


def database_timers(configuration: str, read_timeout: Callable[[Cloud, Node], int]) -> tuple[Timer, ...]:
    """Timers of the connection to the database. `read_timeout` is the value of the option `database_read_timeout`, in seconds."""
    return (
        Timer("database connect_timeout", 3, configuration),
        Timer("database read_timeout", read_timeout, configuration, "database_read_timeout"),
        Timer("connection_recycle_time", 600, configuration),
    )


def assumptions(package: str, name: str) -> tuple[Assumption, ...]:
    """What the shared files rely on.

    Args:
        package: the package that makes the user.
        name: name of the service, its user and its group.
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
                reason="bytes_only.py makes the pool's clients accept bytes only",
            )
            for of, path, line in (
                ("python3-memcache", "memcache.py", r"^\s+def _recv_value\(self, server, flags, rlen\):$"),
                ("python3-memcache", "memcache.py", r"^\s+pickler=pickle\.Pickler, unpickler=pickle\.Unpickler,$"),
                ("python3-oslo.cache", "oslo_cache/_memcache_pool.py", r"^class _MemcacheClient\(memcache\.Client\):$"),
                ("python3-oslo.cache", "oslo_cache/_memcache_pool.py", r"^    def _create_connection\(self\):$"),
            )
        ),
        *upgrade.assumptions(name),
    )
