"""Glance: images, from which instances boot.

Images are in the storage cluster where the cloud has one, otherwise in files on each controller. The option `shared` says that all
controllers see the same files, by other means than Hacienda.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Account,
    Assumption,
    CatalogueEntry,
    Check,
    Frontend,
    Port,
    Redundancy,
    Secret,
    Service,
    Template,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.declare.trust import PLAIN
from hacienda.services import TEMPLATES
from hacienda.services.openstack import api, upgrade
from hacienda.services.storage import client, cluster

CONFIGURATION = "/etc/glance/glance-api.conf"
PASTE = "/usr/share/glance-common/glance-api-paste.ini"
WSGI = api.Wsgi("wsgi-file = /usr/bin/glance-wsgi-api", preload=("bytes_only", "glance.common.wsgi_app"))
UPLOAD_SECONDS = 6 * 3600
"""kolla-ansible's glance timeout: an upload may be silent while a store writes."""


class GlanceOptions(api.ApiOptions):
    """Options of Glance."""

    shared: Annotated[bool, PLAIN] = False
    """Whether /var/lib/glance/images is one folder on all controllers (NFS, CephFS), mounted by other means than Hacienda. It means
    nothing where the cloud has a storage cluster."""
    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of glance-api.conf that Hacienda does not set, by section: `{DEFAULT: {image_size_cap: 53687091200}}`."""


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    number = service.port("api").number
    return {
        **api.variables(cloud, node, service, cloud.options_of(GlanceOptions), WSGI),
        **client.variables(cloud, "glance"),
        "pool": cluster.IMAGES,
        "paste": PASTE,
        "itself": f"https://{cloud.fqdn(node)}:{number}",
    }


def _copies(cloud: Cloud) -> int:
    """Copies of an image: those of the storage cluster, one on each controller if they share a folder, otherwise one."""
    provider = cloud.provider("storage cluster")
    if provider is not None:
        return max(redundancy.copies(cloud) for redundancy in provider.redundancy)
    return len(cloud.servers("glance")) if cloud.options_of(GlanceOptions).shared else 1


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    command = "glance.cmd.manage db sync"
    return {
        **api.facts(cloud, node, service, path="/v2/images?limit=1"),
        **api.migration(cloud, CONFIGURATION, "database", command, used="SELECT 1 FROM images LIMIT 1"),
        **upgrade.facts("glance", CONFIGURATION),
    }


service = Service(
    name="glance",
    title="Glance, images",
    roles=("controller",),
    choice="on request",
    requires=api.REQUIRES,
    wants=("storage cluster",),
    serves_without=api.SERVES_WITHOUT,
    provides=("image",),
    redundancy=(Redundancy("images", copies=_copies, option="shared"),),
    packages=(*api.PACKAGES, *client.PACKAGES, "glance-common", "python3-glance"),
    data=("/var/lib/glance",),
    units=("glance.service",),
    ports=(Port("api", 9292, clients="internal"),),
    frontends=(
        Frontend(
            "api",
            Check("/healthcheck"),
            scopes=("internal", "public"),
            capacity=api.capacity(GlanceOptions),
            timeout_seconds=UPLOAD_SECONDS,
            largest_body=None,
        ),
    ),
    files=(
        *api.files("glance"),
        *client.files("glance"),
        Template(CONFIGURATION, checker="oslo-config-validator", group="glance", mode=0o640, on_change="reload"),
    ),
    variables=_variables,
    facts=_facts,
    options=GlanceOptions,
    overrides=Sections(
        CONFIGURATION,
        TEMPLATES / "glance/glance-api.conf.j2",
        owned=(*api.OWNED, r"(glance_store|file|rbd|os_glance_\w+)\..*", r"DEFAULT\.(enabled_backends|bind_.*)"),
    ),
    secrets=(Secret("glance/cache"),),
    accounts=(
        Account("database", "glance", connections=api.connections(GlanceOptions)),
        # verify.sh lists images, for which it needs the role `reader`.
        Account("identity", "glance", roles=("reader", "service")),
        client.account("glance", {cluster.IMAGES: "rbd"}),
    ),
    catalogue=(CatalogueEntry("image", "glance", "api"),),
    timers=(*api.timers("glance", CONFIGURATION, GlanceOptions), *client.timers("glance")),
    migrate=api.script("migrate.sh"),
    afterwards=upgrade.units("glance"),
    verify=api.script("verify.sh"),
    scripts=(*api.SCRIPTS, api.script("ask.py"), api.script("migrate.py")),
    sandboxes=(api.sandbox("glance"), upgrade.sandbox("glance")),
    assumptions=(
        *api.assumptions("glance-common", "glance"),
        Assumption("glance-common", "file", "/usr/bin/glance-wsgi-api", reason="uWSGI serves the API from it"),
        Assumption(
            "glance-common", "line", PASTE, r"^/healthcheck: healthcheck$", reason="load balancers check that path"
        ),
        Assumption(
            "python3-glance",
            "line",
            "/usr/lib/python3/dist-packages/glance/cmd/manage.py",
            r"^def main\(\):",
            reason="migrate.py runs the management tool in its own process",
        ),
    ),
)
