"""Cinder: volumes, in the storage cluster.

Each controller runs an API, a scheduler and a volume service. All volume services are one cluster: any of them manages any volume.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Account,
    Assumption,
    CatalogueEntry,
    Certificate,
    Check,
    Frontend,
    Port,
    Secret,
    Service,
    Template,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.services import TEMPLATES
from hacienda.services.openstack import api, client, daemon, messaging, reports, upgrade
from hacienda.services.storage import client as storage
from hacienda.services.storage import cluster

CONFIGURATION = "/etc/cinder/cinder.conf"
ETCD = "/etc/cinder/etcd"
"""Folder of the client's certificate for the coordination service, where Cinder keeps its locks."""
API_UNIT = "cinder-api"
WSGI = api.Wsgi("module = cinder.wsgi.api", preload=("bytes_only", "cinder.wsgi.wsgi"), trusts_environment=False)
DAEMON_POOL = (5, 5)
"""`max_pool_size` and `max_overflow` of the scheduler and of the volume service: each works on few requests at a time."""
DOWN_SECONDS = 35
"""Seconds without a report after which a volume service counts as dead: three reports may be late."""
SCHEDULER = daemon.Daemon(
    "cinder-scheduler",
    "Cinder, scheduler",
    f"/usr/bin/cinder-scheduler --config-file {CONFIGURATION}",
    "cinder",
)
VOLUME = daemon.Daemon(
    "cinder-volume",
    "Cinder, volume service",
    f"/usr/bin/cinder-volume --config-file {CONFIGURATION}",
    "cinder",
    environment={
        # It finds the program `sudo` there, which says why.
        "PATH": "/usr/lib/hacienda/cinder/programs:/usr/sbin:/usr/bin",
    },
    stop_seconds=90,
)


class CinderOptions(api.ApiOptions, messaging.MessagingOptions):
    """Options of Cinder."""

    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of cinder.conf that Hacienda does not set, by section: `{DEFAULT: {max_over_subscription_ratio: 5}}`."""


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    coordination = cloud.registry.provider("coordination")
    return {
        **api.variables(cloud, node, service, cloud.options_of(CinderOptions), WSGI, unit=API_UNIT),
        **client.variables(cloud, service),
        **messaging.variables(cloud, service),
        **daemon.variables(SCHEDULER, VOLUME),
        **storage.variables(cloud, "cinder"),
        "pool": cluster.VOLUMES,
        "etcd": ETCD,
        "coordinator": f"{cloud.address(node)}:{coordination.port('client').number}",
    }


def _connections(cloud: Cloud, node: Node) -> int:
    """Connections to the database that the daemons on a node may open."""
    return api.connections(CinderOptions)(cloud, node) + 2 * sum(DAEMON_POOL)


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        **api.facts(cloud, node, service, path="/v3/volumes?limit=1", unit=API_UNIT),
        **api.migration(
            cloud,
            CONFIGURATION,
            "database",
            "cinder.cmd.manage db sync",
            used="SELECT 1 FROM services LIMIT 1",
            online="cinder.cmd.manage db online_data_migrations",
        ),
        **upgrade.facts("cinder", CONFIGURATION),
    }


service = Service(
    name="cinder",
    title="Cinder, volumes",
    roles=("controller",),
    choice="on request",
    requires=(*api.REQUIRES, *messaging.REQUIRES, "storage cluster", "image"),
    # Without the coordination service, volumes are neither made nor changed; those that are attached stay.
    serves_without=("cache", "image"),
    provides=("block storage",),
    packages=(
        *api.PACKAGES,
        *storage.PACKAGES,
        "cinder-common",
        "cinder-scheduler",
        "cinder-volume",
        "python3-cinder",
        "python3-etcd3gw",
        "qemu-utils",
    ),
    data=("/var/lib/cinder",),
    units=(f"{API_UNIT}.service", SCHEDULER.unit, VOLUME.unit),
    ports=(Port("api", 8776, clients="internal"),),
    frontends=(
        Frontend("api", Check("/healthcheck"), scopes=("internal", "public"), capacity=api.capacity(CinderOptions)),
    ),
    files=(
        *api.files("cinder", unit=API_UNIT),
        *messaging.files("cinder"),
        *storage.files("cinder", on_change="restart"),
        Certificate(ETCD, group="cinder", usage="client", authority="etcd", role="cinder", on_change="none"),
        Template(CONFIGURATION, checker="oslo-config-validator", group="cinder", mode=0o640, on_change="restart"),
        SCHEDULER.template(),
        VOLUME.template(),
        Template("/usr/lib/hacienda/cinder/programs/sudo", checker="shellcheck", source="sudo.j2", mode=0o755),
    ),
    variables=_variables,
    facts=_facts,
    options=CinderOptions,
    overrides=Sections(
        CONFIGURATION,
        TEMPLATES / "cinder/cinder.conf.j2",
        owned=(
            *api.OWNED,
            r"DEFAULT\.(host|cluster|enabled_backends|osapi_volume_.*)",
            r"coordination\..*",
            r"(ceph|backend_defaults)\.(rbd_|volume_).*",
        ),
    ),
    secrets=(Secret("cinder/cache"),),
    accounts=(
        Account("database", "cinder", connections=_connections),
        # verify.sh lists volumes, for which it needs the role `reader`.
        Account("identity", "cinder", roles=("reader", "service")),
        Account("messaging", "cinder"),
        storage.volumes(),
    ),
    catalogue=(CatalogueEntry("block-storage", "cinder", "api", path="/v3"),),
    timers=(
        *api.timers(API_UNIT, CONFIGURATION, CinderOptions),
        *messaging.timers(CONFIGURATION, CinderOptions),
        *reports.timers(CONFIGURATION, DOWN_SECONDS),
        *storage.timers("cinder"),
    ),
    migrate=api.script("migrate.sh"),
    afterwards=upgrade.units("cinder"),
    verify=api.script("verify.sh"),
    scripts=(*api.SCRIPTS, api.script("ask.py"), api.script("migrate.py")),
    sandboxes=(
        api.sandbox("cinder", unit=API_UNIT),
        SCHEDULER.sandbox(),
        VOLUME.sandbox(),
        upgrade.sandbox("cinder"),
    ),
    assumptions=(
        *api.assumptions("cinder-common", "cinder"),
        Assumption(
            "cinder-scheduler", "program", "/usr/bin/cinder-scheduler", reason="cinder-scheduler.service starts it"
        ),
        Assumption("cinder-volume", "program", "/usr/bin/cinder-volume", reason="cinder-volume.service starts it"),
        Assumption(
            "cinder-common",
            "line",
            "/etc/cinder/api-paste.ini",
            r"^/healthcheck: healthcheck$",
            reason="load balancers check that path",
        ),
        Assumption(
            "python3-cinder",
            "file",
            "/usr/lib/python3/dist-packages/cinder/wsgi/api.py",
            reason="uWSGI serves the API from it",
        ),
        Assumption(
            "python3-cinder",
            "line",
            "/usr/lib/python3/dist-packages/cinder/cmd/manage.py",
            r"^def main\(\):",
            reason="migrate.py runs the management tool in its own process",
        ),
        Assumption(
            "python3-tooz",
            "line",
            "/usr/lib/python3/dist-packages/tooz/drivers/etcd3gw.py",
            r"^\s+cert_cert=cert_cert,$",
            reason="locks are kept in etcd, which asks for a client's certificate",
        ),
    ),
)
