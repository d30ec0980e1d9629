"""Neutron: networks of instances. Its API writes what tenants ask for into OVN's northbound database.

Beside the API run two daemons on each controller: periodic work of the plug-ins, and the maintenance of OVN's databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from hacienda.cloud.model import ABBREVIATIONS, Cloud, Network, Node
from hacienda.declare import (
    Account,
    Assumption,
    CatalogueEntry,
    Certificate,
    Check,
    Frontend,
    Port,
    Script,
    Secret,
    Service,
    Template,
    Timer,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.declare.trust import PLAIN, Trust
from hacienda.environment.values import AsList
from hacienda.services import TEMPLATES
from hacienda.services.openstack import api, client, daemon, logical_network, messaging, upgrade

CONFIGURATION = "/etc/neutron/neutron.conf"
OVN_TLS = "/etc/neutron/ovn"
PLUGINS = ("ovn-router", "port_forwarding", "qos", "segments", "trunk")
"""Service plug-ins. Neutron adds those that need nothing (availability of addresses, flavors, revisions, tags, time stamps)."""
LARGEST_BODY = 1024 * 1024
"""Bytes. A bulk request of Heat or Kubernetes creates hundreds of ports or rules, of some 300 bytes each."""
WSGI = api.Wsgi(
    "module = application",
    # With more of it, the master would keep 100 MiB that only workers use, and a start with one worker would take as long.
    preload=("bytes_only",),
    settings=(
        # Neutron would read Debian's ml2_conf.ini, too.
        f"env = OS_NEUTRON_CONFIG_FILES={CONFIGURATION}",
        # It distinguishes workers of this start from those of the last.
        "set-placeholder = start-time=%t",
    ),
)
PERIODIC, MAINTENANCE = (
    daemon.Daemon(
        name,
        f"Neutron, {title}",
        f"/usr/bin/{name} --config-file {CONFIGURATION}",
        user="neutron",
        environment={"OS_OSLO_MESSAGING_RABBIT__PROCESSNAME": name},
        stop_seconds=15,
    )
    for name, title in (
        ("neutron-periodic-workers", "periodic work"),
        ("neutron-ovn-maintenance-worker", "maintenance of OVN's databases"),
    )
)
DAEMONS = (PERIODIC, MAINTENANCE)
DAEMON_PROCESSES = 3
"""Processes of the daemons that have a pool of connections: the maintenance worker has a parent."""


class NeutronOptions(api.ApiOptions, messaging.MessagingOptions):
    """Options of Neutron."""

    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of neutron.conf and of ML2 that Hacienda does not set, by section: `{quotas: {quota_port: 2000}}`."""
    tenant_network_types: Annotated[
        tuple[Literal["geneve", "vlan"], ...],
        AsList,
        Field(min_length=1),
        Trust("whether tenants get VLANs by themselves"),
    ] = ("geneve",)
    """Kinds of networks that tenants make, the first that is possible first: tunnels (`geneve`) or the VLANs of external networks'
    `provider` (`vlan`)."""
    floating_ips: Annotated[Literal["centralized", "distributed"], PLAIN] = "centralized"
    """Where packets to and from floating IPs leave the cloud: at the router's gateway (`centralized`), or at the compute of each
    instance (`distributed`), which then needs a card of the external networks."""


def _connections(cloud: Cloud, node: Node) -> int:
    options = cloud.options_of(NeutronOptions)
    return (api.workers(options, node) + DAEMON_PROCESSES) * sum(api.pool(options))


def _mtu(cloud: Cloud) -> Mapping[str, int]:
    """MTU of the network below tunnels, and the largest one of that and the external networks."""
    tunnel, outside = cloud.network("tenant").mtu, cloud.network("external").mtu
    return {"tunnel": tunnel, "largest": max(tunnel, outside, *(network.mtu for network in cloud.physical_networks))}


def _provider(cloud: Cloud) -> Mapping[str, list[str]]:
    """What ML2 is to know of physical networks; empty: the cloud has none."""
    found: dict[str, list[str]] = {}
    for network in cloud.physical_networks:
        if (physical := network.physical) is None:
            continue
        name = physical.name
        # Without a range Neutron may take any VLAN of the network, from 1 to 4094. Administrators name one, and tenants could not.
        without_range = [] if "vlan" in cloud.options_of(NeutronOptions).tenant_network_types else [name]
        parts = {
            "mtus": [f"{name}:{network.mtu}"],
            "flat": [name] if physical.flat else [],
            "vlans": [f"{name}:{first}:{last}" for first, last in physical.vlans] or without_range,
        }
        for kind, values in parts.items():
            found.setdefault(kind, []).extend(values)
    return found


def _refused(cloud: Cloud) -> Iterator[tuple[str, str, str]]:
    """Options that the environment's networks do not allow."""
    options = cloud.options_of(NeutronOptions)
    ranged = [network for network in cloud.physical_networks if network.physical and network.physical.vlans]
    if "vlan" in options.tenant_network_types:
        if not ranged:
            fix = "Name VLANs at an external network, `provider: {vlans: [100-199]}`, or leave out `vlan`."
            yield "tenant_network_types", "has `vlan`, and no network has VLANs for it", fix
        yield from _without_computes("tenant_network_types", "`vlan` needs", ranged)
    if options.floating_ips == "distributed":
        if not cloud.physical_networks:
            fix = "Add a network with the purpose `external`, or leave this out."
            yield "floating_ips", "is `distributed`, and the file has no external network", fix
        yield from _without_computes("floating_ips", "`distributed` needs", cloud.physical_networks)


def _without_computes(option: str, needs: str, networks: Iterable[Network]) -> Iterator[tuple[str, str, str]]:
    for network in networks:
        if "compute" not in network.roles:
            roles = ", ".join(role for role in ABBREVIATIONS if role in {*network.roles, "compute"})
            fix = f"Write `roles: [{roles}]` at networks.{network.name}."
            yield option, f"{needs} a card of {network.name} on each compute, and computes are not on that network", fix


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        **api.variables(cloud, node, service, cloud.options_of(NeutronOptions), WSGI),
        **client.variables(cloud, service),
        **daemon.variables(*DAEMONS),
        **messaging.variables(cloud, service),
        # Instances have a zone of their own: none of them takes the name of a machine or of a virtual IP.
        "dns_domain": f"instances.{cloud.domain}",
        "metadata": cloud.provider("instance metadata") is not None,
        "mtu": _mtu(cloud),
        "ovn": logical_network.databases(cloud),
        "ovn_tls": OVN_TLS,
        "options": cloud.options_of(NeutronOptions),
        "plugins": PLUGINS,
        "provider": _provider(cloud),
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        **api.facts(cloud, node, service, path="/v2.0/networks?limit=1&fields=id"),
        **api.migration(
            cloud,
            CONFIGURATION,
            "database",
            f"neutron.db.migration.cli --config-file {CONFIGURATION} upgrade heads",
            used="SELECT 1 FROM networks LIMIT 1",
        ),
        **upgrade.facts("neutron", CONFIGURATION),
    }


service = Service(
    name="neutron",
    title="Neutron, networks of instances",
    roles=("controller",),
    choice="on request",
    requires=(*api.REQUIRES, *messaging.REQUIRES, "logical network", "resource inventory"),
    serves_without=(*api.SERVES_WITHOUT, "message queue", "resource inventory"),
    provides=("instance network",),
    # The packages neutron-api, neutron-periodic-workers and so on bring scripts of System V, which start by themselves.
    packages=(*api.PACKAGES, "neutron-common", "openvswitch-common", "python3-neutron"),
    data=("/var/lib/neutron",),
    units=("neutron.service", *(one.unit for one in DAEMONS)),
    ports=(Port("api", 9696, clients="internal"),),
    frontends=(
        Frontend(
            "api",
            Check("/healthcheck"),
            scopes=("internal", "public"),
            capacity=api.capacity(NeutronOptions),
            largest_body=LARGEST_BODY,
        ),
    ),
    files=(
        # The application connects to the database and to OVN while it loads.
        *api.files("neutron", checker="uwsgi-settings"),
        *messaging.files("neutron"),
        # Each connection to a database reads them, and so does the client that the API starts.
        Certificate(OVN_TLS, group="neutron", usage="client", authority="ovn", role="neutron", on_change="none"),
        Template(CONFIGURATION, checker="oslo-config-validator", group="neutron", mode=0o640),
        *(one.template() for one in DAEMONS),
    ),
    variables=_variables,
    facts=_facts,
    options=NeutronOptions,
    refused=_refused,
    overrides=Sections(
        CONFIGURATION,
        TEMPLATES / "neutron/neutron.conf.j2",
        owned=(
            *api.OWNED,
            r"DEFAULT\.(host|core_plugin|service_plugins|api_workers|bind_.*|use_ssl|auth_strategy)",
            r"ovn\.(ovn_[ns]b_.*|enable_distributed_floating_ip)",
        ),
    ),
    secrets=(Secret("neutron/cache"),),
    accounts=(
        Account("database", "neutron", connections=_connections),
        # Nova takes events of ports from administrators alone.
        Account("identity", "neutron", roles=("admin", "service")),
        Account("messaging", "neutron"),
    ),
    catalogue=(CatalogueEntry("network", "neutron", "api"),),
    timers=(
        *api.timers("neutron", CONFIGURATION, NeutronOptions),
        *messaging.timers(CONFIGURATION, NeutronOptions),
        Timer("ovsdb probe", 5, CONFIGURATION),
        Timer("ovsdb connection_timeout", 60, CONFIGURATION),
        Timer("ovsdb retry", 5, CONFIGURATION),
    ),
    migrate=api.script("migrate.sh"),
    afterwards=upgrade.units("neutron"),
    verify=api.script("verify.sh"),
    scripts=(
        *api.SCRIPTS,
        api.script("ask.py"),
        api.script("migrate.py"),
        Script("application.py", on_change="reload"),
    ),
    sandboxes=(api.sandbox("neutron"), *(one.sandbox() for one in DAEMONS), upgrade.sandbox("neutron")),
    assumptions=(
        *api.assumptions("neutron-common", "neutron"),
        *(
            Assumption("neutron-common", "program", f"/usr/bin/{one.name}", reason=f"{one.unit} starts it")
            for one in DAEMONS
        ),
        Assumption(
            "openvswitch-common",
            "program",
            "/usr/bin/ovsdb-client",
            reason="the API starts it to write its first rows into the northbound database",
        ),
        Assumption(
            "neutron-common",
            "line",
            "/etc/neutron/api-paste.ini",
            r"^/healthcheck: healthcheck$",
            reason="load balancers check that path",
        ),
        Assumption(
            "python3-neutron",
            "file",
            "/usr/lib/python3/dist-packages/neutron/wsgi/api.py",
            reason="uWSGI serves the API from it",
        ),
        Assumption(
            "python3-neutron",
            "line",
            "/usr/lib/python3/dist-packages/neutron/common/wsgi_utils.py",
            r"uwsgi\.opt\.get\('start-time'\)",
            reason="the hash ring of OVN's workers needs the time of uWSGI's start",
        ),
        Assumption(
            "python3-neutron",
            "line",
            "/usr/lib/python3/dist-packages/neutron/db/ovn_hash_ring_db.py",
            r"^def add_node\(context, group_name, node_uuid, created_at=None\):$",
            reason="application.py lets a worker replace the entry of one that was killed",
        ),
        Assumption(
            "python3-neutron",
            "line",
            "/usr/lib/python3/dist-packages/neutron/db/migration/cli.py",
            r"^def main\(\):",
            reason="migrate.py runs the management tool in its own process",
        ),
    ),
)
