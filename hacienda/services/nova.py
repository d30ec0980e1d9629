"""Nova: instances. Its API, conductors and schedulers run on controllers; each compute runs `nova-compute`, a service of its own.

All instances are in one cell, `cell1`. `cell0` has the records of instances that no compute could take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Account,
    Assumption,
    CatalogueEntry,
    Check,
    Frontend,
    Port,
    Script,
    Secret,
    Service,
    Template,
    Timer,
    sandbox,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.services import TEMPLATES
from hacienda.services.openstack import api, client, daemon, instance_metadata, messaging, reports, upgrade

CONFIGURATION = "/etc/nova/nova.conf"
WSGI = api.Wsgi(
    "module = nova.wsgi.osapi_compute",
    preload=("nova.api.openstack.wsgi_app", "bytes_only"),
    health="/",
    # Between requests uWSGI runs no greenlets. Heartbeats to the message queue stopped, and the error of the closed connection
    # reached whatever connection the next request read: a query of the database ended with "Broken pipe".
    settings=("env = OS_NOVA_DISABLE_EVENTLET_PATCHING=yes",),
)
DAEMONS = tuple(
    daemon.Daemon(name, f"Nova, {title}", f"/usr/bin/{name} --config-file {CONFIGURATION}", "nova")
    for name, title in (("nova-conductor", "conductor"), ("nova-scheduler", "scheduler"))
)
ENGINES = {"nova_api": 1, "nova": 2, "nova_cell0": 1}
"""Pools that each process keeps for a schema. Each cell has one of its own beside that of the section [database]."""
POOL = (2, 2)
"""`max_pool_size` and `max_overflow` of each of them. Four pools of each of some ten processes on each controller must fit into the
database's limit; queries of Nova take milliseconds, and requests wait for a connection."""
METADATA = "nova-metadata"
"""Unit of the API that instances ask about themselves."""
METADATA_SETTINGS = "/etc/nova/metadata.ini"
METADATA_WSGI = replace(WSGI, application="module = nova.wsgi.metadata")
LARGEST_BODY = 128 * 1024
"""Bytes. User-data of an instance has at most 64 KiB in base64, and personality files come beside it."""
METADATA_BODY = 4 * 1024
"""Bytes. Instances only read, but for the password that a guest hands over encrypted, once."""
OWNED = (*api.OWNED, r"neutron\.(service_metadata_proxy|metadata_proxy_shared_secret)")


class NovaOptions(api.ApiOptions, messaging.MessagingOptions):
    """Options of Nova on controllers."""

    threads: int = Field(default=1, ge=1, le=64)
    """Threads per process. Default: 1, because Nova's code expects greenlets, which take turns, and more were not tried; add
    workers instead."""
    conductors: int | None = Field(default=None, ge=1, le=64)
    """Processes of nova-conductor. Default: as many as uWSGI has."""
    metadata_workers: int = Field(default=2, ge=1, le=64)
    """Processes of the metadata API on each controller."""
    schedulers: int = Field(default=1, ge=1, le=64)
    """Processes of nova-scheduler on each controller."""
    discover_seconds: int = Field(default=15, ge=1, le=3600)
    """Seconds until a new compute is mapped to its cell, at most."""
    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of nova.conf that Hacienda does not set, by section: `{scheduler: {max_attempts: 5}}`."""


def _processes(options: NovaOptions, node: Node) -> int:
    """Processes of all daemons on a node that use the database."""
    return api.workers(options, node) + options.metadata_workers + _conductors(options, node) + options.schedulers


def _conductors(options: NovaOptions, node: Node) -> int:
    return options.conductors or api.workers(options, node)


def _metadata_capacity(cloud: Cloud, node: Node) -> int:
    options = cloud.options_of(NovaOptions)
    return options.metadata_workers * options.threads


def _connections(schema: str) -> Callable[[Cloud, Node], int]:
    def of(cloud: Cloud, node: Node) -> int:
        return _processes(cloud.options_of(NovaOptions), node) * ENGINES[schema] * sum(POOL)

    return of


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    options = cloud.options_of(NovaOptions)
    shared = api.variables(cloud, node, service, options, WSGI)
    pooled = replace(shared["api"], pool=POOL)
    return {
        **client.variables(cloud, service),
        **daemon.variables(*DAEMONS),
        **messaging.variables(cloud, service),
        "api": pooled,
        "conductors": _conductors(options, node),
        "databases": {
            account.name: replace(pooled, database=account)
            for account in service.accounts
            if account.kind == "database"
        },
        "metadata": replace(
            pooled,
            unit=METADATA,
            title="Nova, metadata of instances",
            settings=METADATA_SETTINGS,
            wsgi=METADATA_WSGI,
            port=service.port("metadata").number,
            workers=options.metadata_workers,
            largest_body=METADATA_BODY,
        ),
        "metadata_secret": instance_metadata.SECRET.name,
        "schedulers": options.schedulers,
        "schedulers_in_all": options.schedulers * len(cloud.members("nova")),
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        **api.facts(cloud, node, service, path="/v2.1/servers?limit=1"),
        "disks_shared": cloud.provider("storage cluster") is not None,
        "further_urls": f"https://{cloud.address(node)}:{service.port('metadata').number}",
        **api.migration(
            cloud,
            CONFIGURATION,
            "api_database",
            "sync",
            used="SELECT 1 FROM cell_mappings LIMIT 1",
            online="online",
        ),
        **upgrade.facts("nova", CONFIGURATION),
    }


service = Service(
    name="nova",
    title="Nova, instances",
    roles=("controller",),
    choice="on request",
    requires=(*api.REQUIRES, *messaging.REQUIRES, "resource inventory", "image", "instance network"),
    wants=("block storage",),
    serves_without=api.SERVES_WITHOUT,
    provides=("instances",),
    packages=(*api.PACKAGES, "nova-common", "nova-conductor", "nova-scheduler", "python3-nova"),
    units=("nova.service", f"{METADATA}.service", *(one.unit for one in DAEMONS)),
    ports=(Port("api", 8774, clients="internal"), Port("metadata", 8775, clients="internal")),
    frontends=(
        Frontend(
            "api",
            Check("/healthcheck"),
            scopes=("internal", "public"),
            capacity=api.capacity(NovaOptions),
            largest_body=LARGEST_BODY,
        ),
        # Instances reach it through their compute alone, which says which instance asks.
        Frontend("metadata", Check("/healthcheck"), capacity=_metadata_capacity, largest_body=METADATA_BODY),
    ),
    files=(
        *api.files("nova"),
        *messaging.files("nova"),
        Template(METADATA_SETTINGS, checker="uwsgi"),
        Template(f"/etc/systemd/system/{METADATA}.service", checker="systemd-analyze"),
        Template(CONFIGURATION, checker="oslo-config-validator", group="nova", mode=0o640),
        *(one.template() for one in DAEMONS),
    ),
    variables=_variables,
    facts=_facts,
    options=NovaOptions,
    overrides=Sections(CONFIGURATION, TEMPLATES / "nova/nova.conf.j2", owned=OWNED),
    secrets=(Secret("nova/cache"), instance_metadata.SECRET),
    accounts=(
        *(Account("database", schema, owner="nova", connections=_connections(schema)) for schema in ENGINES),
        # `admin`: it binds ports and attaches volumes of other projects.
        Account("identity", "nova", roles=("admin", "service")),
        Account("messaging", "nova"),
    ),
    catalogue=(CatalogueEntry("compute", "nova", "api", "/v2.1"),),
    timers=(
        *api.timers("nova", CONFIGURATION, NovaOptions),
        *messaging.timers(CONFIGURATION, NovaOptions),
        *reports.timers(CONFIGURATION),
        Timer(
            "discovery",
            lambda cloud, node: cloud.options_of(NovaOptions).discover_seconds,
            CONFIGURATION,
            "discover_seconds",
        ),
    ),
    migrate=api.script("migrate.sh"),
    afterwards=upgrade.units("nova"),
    verify=api.script("verify.sh"),
    leave=Script("leave.sh"),
    scripts=(*api.SCRIPTS, api.script("ask.py"), Script("migrate.py"), Script("computes.py")),
    sandboxes=(
        *(
            replace(each, instead=(*each.instead, sandbox.ASKS_FOR_ADDRESSES))
            for each in (api.sandbox("nova"), api.sandbox("nova", unit=METADATA))
        ),
        *(one.sandbox(sandbox.ASKS_FOR_ADDRESSES) for one in DAEMONS),
        upgrade.sandbox("nova"),
    ),
    assumptions=(
        *api.assumptions("nova-common", "nova"),
        Assumption("nova-conductor", "program", "/usr/bin/nova-conductor", reason="nova-conductor.service starts it"),
        Assumption("nova-scheduler", "program", "/usr/bin/nova-scheduler", reason="nova-scheduler.service starts it"),
        Assumption("nova-common", "file", "/etc/nova/api-paste.ini", reason="the API reads its pipelines there"),
        Assumption(
            "python3-nova",
            "file",
            "/usr/lib/python3/dist-packages/nova/wsgi/osapi_compute.py",
            reason="uWSGI serves the API from it",
        ),
        Assumption(
            "python3-nova",
            "file",
            "/usr/lib/python3/dist-packages/nova/wsgi/metadata.py",
            reason="uWSGI serves the metadata API from it",
        ),
    ),
)
