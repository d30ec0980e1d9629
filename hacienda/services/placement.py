"""Placement: the inventory of computes, and who uses what. Nova asks it where an instance fits."""

from __future__ import annotations

from collections.abc import Mapping
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
    Secret,
    Service,
    Template,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.services import TEMPLATES
from hacienda.services.openstack import api, upgrade

CONFIGURATION = "/etc/placement/placement.conf"
WSGI = api.Wsgi("module = placement.wsgi.api", preload=("bytes_only", "placement.deploy"), health="/")


class PlacementOptions(api.ApiOptions):
    """Options of Placement."""

    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of placement.conf that Hacienda does not set, by section: `{placement: {allocation_conflict_retry_count: 20}}`."""


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return api.variables(cloud, node, service, cloud.options_of(PlacementOptions), WSGI)


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        **api.facts(cloud, node, service, path="/resource_providers?name=none"),
        **api.migration(
            cloud,
            CONFIGURATION,
            "placement_database",
            "placement.cmd.manage db sync",
            used="SELECT 1 FROM resource_providers LIMIT 1",
            online="placement.cmd.manage db online_data_migrations",
        ),
        **upgrade.facts("placement", CONFIGURATION),
    }


service = Service(
    name="placement",
    title="Placement, the inventory of computes",
    roles=("controller",),
    choice="unless declined",
    requires=api.REQUIRES,
    serves_without=api.SERVES_WITHOUT,
    provides=("resource inventory",),
    packages=(*api.PACKAGES, "placement-common", "python3-placement"),
    units=("placement.service",),
    ports=(Port("api", 8778, clients="internal"),),
    frontends=(
        Frontend("api", Check("/healthcheck"), scopes=("internal", "public"), capacity=api.capacity(PlacementOptions)),
    ),
    files=(
        *api.files("placement"),
        Template(CONFIGURATION, checker="oslo-config-validator", group="placement", mode=0o640, on_change="reload"),
    ),
    variables=_variables,
    facts=_facts,
    options=PlacementOptions,
    overrides=Sections(CONFIGURATION, TEMPLATES / "placement/placement.conf.j2", owned=api.OWNED),
    secrets=(Secret("placement/cache"),),
    accounts=(
        Account("database", "placement", connections=api.connections(PlacementOptions)),
        Account("identity", "placement", roles=("service",)),
    ),
    catalogue=(CatalogueEntry("placement", "placement", "api"),),
    timers=api.timers("placement", CONFIGURATION, PlacementOptions),
    migrate=api.script("migrate.sh"),
    afterwards=upgrade.units("placement"),
    verify=api.script("verify.sh"),
    scripts=(*api.SCRIPTS, api.script("ask.py"), api.script("migrate.py")),
    sandboxes=(api.sandbox("placement"), upgrade.sandbox("placement")),
    assumptions=(
        *api.assumptions("placement-common", "placement"),
        Assumption(
            "python3-placement",
            "file",
            "/usr/lib/python3/dist-packages/placement/wsgi/api.py",
            reason="uWSGI serves the API from it",
        ),
        Assumption(
            "python3-placement",
            "line",
            "/usr/lib/python3/dist-packages/placement/cmd/manage.py",
            r"^def main\(\):",
            reason="migrate.py runs the management tool in its own process",
        ),
    ),
)
