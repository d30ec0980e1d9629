"""Keystone: identity. Users, projects, tokens, and the catalogue of every other service's endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Assumption,
    CatalogueEntry,
    Certificate,
    Check,
    Database,
    Frontend,
    Instead,
    NodeFile,
    Port,
    Sandbox,
    Script,
    Secret,
    SecretDirectory,
    SecretFile,
    Service,
    ServiceOptions,
    Template,
    Timer,
    TrustAnchor,
    placeholder,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.services import TEMPLATES

TLS = "/etc/keystone/tls"
DATABASE_TRUST = "/etc/keystone/database"
IDENTITY_TRUST = "/etc/keystone/identity"
CONFIGURATION = "/etc/keystone/keystone.conf"
UNIT = "/etc/systemd/system/keystone.service"
CACHE_KEY = "/etc/keystone/cache.key"
PUBLIC_AUTHORITY = "/etc/openstack/public-ca.pem"
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
HARAKIRI_SECONDS = 90
"""Until a worker whose threads all hang is ended, with their requests: longer than HAProxy waits for an answer (60 s), so that
nobody hears it any more."""
MAX_DEFAULT_WORKERS = 5
"""kolla-ansible's cap: Keystone shares its machine with every other API."""


class KeystoneOptions(ServiceOptions):
    """What operators of identity change."""

    workers: int | None = Field(default=None, ge=1, le=64)
    """uWSGI processes. Default: the machine's CPUs, 2 to 5; 2 where they are not declared."""
    threads: int = Field(default=4, ge=1, le=64)
    """Threads per process; each may hold one database connection."""
    token_seconds: int = Field(default=3600, ge=300, le=86400)
    """Life of a token, in seconds."""
    fernet_rotation_hours: int = Field(default=24, ge=1, le=168)
    """How often the fernet keys are rotated, in hours; decides how many keys are kept."""
    lockout_failures: int = Field(default=10, ge=1, le=1000)
    """Wrong passwords in a row after which an account is locked. Default: 10, the most that PCI DSS 4.0 allows (8.3.4). Accounts
    whose passwords Hacienda makes are never locked: nobody guesses these, and a stranger could keep their owners out."""
    lockout_seconds: int = Field(default=1800, ge=1, le=86400)
    """Seconds for which it is. Default: 1800, as Keystone's own and as PCI DSS 4.0 asks (8.3.4)."""
    database_read_timeout: int = Field(default=5, ge=1, le=3600)
    """Seconds until a query on a connection that went silent is given up; more than a failover of the database (2.5 s)."""
    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of keystone.conf that Hacienda does not set, by section: `{security_compliance: {unique_last_password_count: 5}}`."""


ALLOW_EXPIRED_SECONDS = 2 * 86400
"""Keystone's own allow_expired_window: services finish long operations with a token that has expired meanwhile."""


def active_keys(options: KeystoneOptions) -> int:
    """Fernet keys to keep, in keystone.conf and in the store alike: ceil((expiration + allow_expired_window) / rotation) + 2,
    so that a key goes no sooner than the last token it signed (Keystone's documentation on key distribution)."""
    lifetime = options.token_seconds + ALLOW_EXPIRED_SECONDS
    return -(-lifetime // (options.fernet_rotation_hours * 3600)) + 2


def endpoints(cloud: Cloud, entry: CatalogueEntry, service_name: str) -> list[dict[str, str]]:
    """An endpoint per scope, as the catalogue names it."""
    found = []
    for scope in entry.scopes:
        host, port = cloud.endpoint(service_name, entry.port, scope)
        found.append({"interface": scope, "url": f"https://{host}:{port}{entry.path}"})
    return found


def _options(cloud: Cloud) -> KeystoneOptions:
    options = cloud.option("keystone")
    if not isinstance(options, KeystoneOptions):
        raise TypeError(f"keystone's options are {type(options).__name__}")
    return options


def _workers(cloud: Cloud, node: Node) -> int:
    return _options(cloud).workers or max(2, min(MAX_DEFAULT_WORKERS, node.cpus or 2))


def _capacity(cloud: Cloud, node: Node) -> int:
    """Requests at a time: one for each thread of each worker."""
    return _workers(cloud, node) * _options(cloud).threads


def _pool(options: KeystoneOptions) -> tuple[int, int]:
    """`max_pool_size` and `max_overflow` of a worker: a connection for each thread, one to spare, and as many again."""
    return options.threads + 1, options.threads


def _pooled(cloud: Cloud, node: Node) -> int:
    """Connections to the database that the workers on a node may open."""
    return _workers(cloud, node) * sum(_pool(_options(cloud)))


def _auth_url(cloud: Cloud) -> str:
    host, port = cloud.endpoint("keystone", "api")
    return f"https://{host}:{port}/v3"


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    options = _options(cloud)
    database = cloud.registry.provider("database")
    host, port = cloud.endpoint(database.name, database.frontends[0].port)
    cache = cloud.registry.provider("cache")
    return {
        "address": cloud.address(node),
        "port": service.port("api").number,
        "tls": TLS,
        "database_trust": DATABASE_TRUST,
        "identity_trust": IDENTITY_TRUST,
        "workers": _workers(cloud, node),
        "pool": _pool(options),
        "largest_body": service.frontends[0].largest_body,
        "harakiri": HARAKIRI_SECONDS,
        "database": f"{host}:{port}",
        "cache_servers": [f"{cloud.address(member)}:{cache.ports[0].number}" for member in cloud.members(cache.name)],
        "active_keys": active_keys(options),
        "auth_url": _auth_url(cloud),
        "public": _public(cloud),
    }


def _public(cloud: Cloud) -> Mapping[str, str] | None:
    """How a client outside reaches the public endpoint, where another authority vouches for its name."""
    if cloud.public_certificate is None:
        return None
    host, port = cloud.endpoint("keystone", "api", "public")
    authority = PUBLIC_AUTHORITY if cloud.public_certificate.authority is not None else SYSTEM_AUTHORITIES
    return {"auth_url": f"https://{host}:{port}/v3", "authority": authority}


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    urls = {end["interface"]: end["url"] for end in endpoints(cloud, service.catalogue[0], "keystone")}
    return {
        "auth_url": _auth_url(cloud),
        "local_url": f"https://{cloud.address(node)}:{service.port('api').number}/v3",
        "public_url": urls["public"],
        "internal_url": urls["internal"],
        "database_members": len(cloud.members(cloud.registry.provider("database").name)),
    }


def _node_files(cloud: Cloud, node: Node) -> tuple[NodeFile, ...]:
    files = []
    own = cloud.public_certificate
    if own is not None and own.authority is not None:
        files.append(NodeFile(PUBLIC_AUTHORITY, placeholder(own.authority_name), checker="secret", mode=0o400))
    for consumer in cloud.services:
        entries = [
            {
                "type": entry.type,
                "name": entry.name,
                "region": cloud.region,
                "endpoints": endpoints(cloud, entry, consumer.name),
            }
            for entry in consumer.catalogue
        ]
        if entries:
            text = json.dumps(entries, indent=2, sort_keys=True) + "\n"
            files.append(NodeFile(f"/etc/hacienda/catalogue/{consumer.name}.json", text, checker="json"))
    return tuple(files)


service = Service(
    name="keystone",
    title="Keystone, identity",
    role="controller",
    requires=("database", "cache", "coordination", "load balancer", "virtual ip"),
    serves_without=("coordination", "cache"),
    provides=("identity",),
    packages=("curl", "keystone", "python3-pymemcache", "python3-pymysql", "uwsgi-core", "uwsgi-plugin-python3"),
    units=("keystone.service",),
    ports=(Port("api", 5000, clients="internal"),),
    frontends=(
        Frontend(
            port="api",
            check=Check(path="/healthcheck"),
            scopes=("internal", "public"),
            capacity=_capacity,
            checks_passwords=True,
        ),
    ),
    files=(
        # uWSGI reads it when its master starts, not when workers reload.
        Certificate(TLS, group="keystone", on_change="restart"),
        TrustAnchor(DATABASE_TRUST, "database", group="keystone"),
        TrustAnchor(IDENTITY_TRUST, "identity", group="keystone"),
        SecretDirectory("/etc/keystone/fernet-keys", "keystone/fernet-keys", group="keystone", mode=0o440),
        SecretDirectory("/etc/keystone/credential-keys", "keystone/credential-keys", group="keystone", mode=0o440),
        SecretFile(CACHE_KEY, "keystone/cache", group="keystone", mode=0o440, on_change="reload"),
        Template(
            CONFIGURATION,
            checker="oslo-config-validator",
            group="keystone",
            mode=0o640,
            on_change="reload",
        ),
        Template("/etc/keystone/uwsgi.ini", checker="uwsgi", on_change="restart"),
        Template(UNIT, checker="systemd-analyze"),
        Template("/etc/openstack/clouds.yaml", checker="openstacksdk", mode=0o600, on_change="none"),
        Template("/root/openrc", checker="bash", source="openrc.j2", mode=0o600, on_change="none"),
    ),
    node_files=_node_files,
    variables=_variables,
    facts=_facts,
    options=KeystoneOptions,
    overrides=Sections(
        CONFIGURATION,
        TEMPLATES / "keystone/keystone.conf.j2",
        owned=(
            r"database\..*connection.*",
            r"DEFAULT\.(admin_token|transport_url)",
            # Decides, with the life of a token, how many fernet keys are kept.
            r"token\.allow_expired_window",
            r"(healthcheck|paste_deploy|oslo_middleware)\..*",
        ),
    ),
    secrets=(
        Secret("keystone/admin", reconciled=True),
        Secret("keystone/cache"),
        Secret("keystone/probe", reconciled=True),
        Secret("keystone/fernet-keys", kind="fernet-keys", keys=active_keys),
        Secret("keystone/credential-keys", kind="fernet-keys", reconciled=True),
    ),
    databases=(Database("keystone", connections=_pooled),),
    catalogue=(CatalogueEntry(type="identity", name="keystone", port="api", path="/v3"),),
    timers=(
        Timer("database connect_timeout", 3, CONFIGURATION),
        Timer(
            "database read_timeout",
            lambda cloud, node: _options(cloud).database_read_timeout,
            CONFIGURATION,
            "database_read_timeout",
        ),
        Timer("connection_recycle_time", 600, CONFIGURATION),
        Timer("restart", 5, UNIT),
        Timer("drain", 5, UNIT),
    ),
    bootstrap=Script("bootstrap.sh"),
    reconcile=Script("reconcile.sh"),
    sandboxes=(
        Sandbox(
            "keystone.service",
            ceiling=2.5,
            writes=("/var/lib/keystone", "/var/log/keystone"),
            instead=(Instead("MemoryDenyWriteExecute", "", "Python's foreign functions write code"),),
        ),
    ),
    verify=Script("verify.sh"),
    scripts=(
        Script("found.py"),
        Script("identity.py"),
        Script("admin.py"),
        Script("accounts.py"),
        Script("catalogue.py"),
        Script("issue.py"),
        Script("sealed_cache.py"),
        Script("reload.sh"),
    ),
    assumptions=(
        Assumption("uwsgi-core", "program", "/usr/bin/uwsgi_python3", reason="keystone.service starts it"),
        Assumption("python3-keystone", "file", "/usr/bin/keystone-wsgi-public", reason="uWSGI serves the API from it"),
        Assumption(
            "python3-keystone",
            "file",
            "/usr/lib/python3/dist-packages/keystone/server/wsgi.py",
            reason="uWSGI loads it once for all its workers",
        ),
        Assumption(
            "python3-keystone",
            "line",
            "/usr/lib/python3/dist-packages/keystone/cmd/cli.py",
            r"^def main\(",
            reason="found.py runs keystone-manage in its own process",
        ),
        *(
            Assumption(
                package,
                "line",
                f"/usr/lib/python3/dist-packages/{path}",
                line,
                reason="sealed_cache.py has the pool's clients take bytes alone",
            )
            for package, path, line in (
                ("python3-memcache", "memcache.py", r"^\s+def _recv_value\(self, server, flags, rlen\):$"),
                ("python3-memcache", "memcache.py", r"^\s+pickler=pickle\.Pickler, unpickler=pickle\.Unpickler,$"),
                ("python3-oslo.cache", "oslo_cache/_memcache_pool.py", r"^class _MemcacheClient\(memcache\.Client\):$"),
                ("python3-oslo.cache", "oslo_cache/_memcache_pool.py", r"^    def _create_connection\(self\):$"),
            )
        ),
        Assumption("keystone", "user", "keystone", reason="it runs as that user"),
        Assumption("keystone", "group", "keystone", reason="the group may read its configuration"),
        Assumption("keystone", "folder", "/var/lib/keystone", reason="its workers run there"),
    ),
)
