"""tempest.conf, from the cloud's description and from what a run has made in the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hacienda.cloud import Cloud
from tests.tempest import guest

FOLDER = "/root/run"
"""Workspace of Tempest on its machine, which is deleted after the run."""

CONFIGURATION = f"{FOLDER}/etc/tempest.conf"

AUTHORITIES = f"{FOLDER}/etc/ca.pem"

SERVICES = {
    "block-storage": "cinder",
    "compute": "nova",
    "dashboard": "horizon",
    "image": "glance",
    "network": "neutron",
    "object-store": "swift",
}
"""Type in the catalogue -> Tempest's name of the service, in `[service_available]`. The other services have no switch there."""

SECTIONS = {
    "block-storage": "volume",
    "compute": "compute",
    "identity": "identity",
    "image": "image",
    "network": "network",
    "object-store": "object-storage",
    "placement": "placement",
}
"""Type in the catalogue -> section of tempest.conf."""

BUILD_SECONDS = 600
"""Patience for an instance, a volume or an image. An emulated guest on a loaded machine takes many times the seconds of KVM."""

REQUEST_SECONDS = 120
"""Patience for an answer. The load balancers answer for a silent API after 60 s."""

PING_SECONDS = 180
"""Patience for a guest to answer on its floating IP."""

SSH_SECONDS = 600
"""Patience for a guest to let Tempest log in."""

CONNECT_SECONDS = 60
"""Patience for an SSH server to say its first words."""


@dataclass(frozen=True)
class Lent:
    """What a run has made in the cloud for Tempest.

    Args:
        auth_url: the identity API, by the name in its certificate.
        user: an administrator's name.
        project: the administrator's project.
        password: the administrator's password.
        image: identifier of the image to boot.
        flavors: identifiers of two different flavors that fit the image.
        network: identifier of the external network.
        network_name: its name.
        extensions: aliases of the network API's extensions.
    """

    auth_url: str
    user: str
    project: str
    password: str = field(repr=False)
    image: str
    flavors: tuple[str, str]
    network: str
    network_name: str
    extensions: tuple[str, ...]


def render(cloud: Cloud, lent: Lent) -> str:
    """The text of tempest.conf, which holds a password."""
    sections = {
        "DEFAULT": {"log_file": "tempest.log", "log_dir": FOLDER},
        "oslo_concurrency": {"lock_path": f"{FOLDER}/lock"},
        "auth": {
            "use_dynamic_credentials": "true",
            "admin_username": lent.user,
            "admin_project_name": lent.project,
            "admin_password": lent.password,
            "admin_domain_name": "Default",
        },
        "identity": {
            "auth_version": "v3",
            "uri_v3": lent.auth_url,
            "ca_certificates_file": AUTHORITIES,
            "region": cloud.region,
        },
        "service-clients": {"http_timeout": str(REQUEST_SECONDS)},
        "service_available": _available(cloud),
        "image": {"build_timeout": str(BUILD_SECONDS)},
        "compute": _compute(cloud, lent),
        "compute-feature-enabled": {
            "vnc_console": "false",
            "resize": "true",
            "metadata_service": str(cloud.provider("instance metadata") is not None).lower(),
            # The guest has no driver of a drive with the same content.
            "config_drive": "false",
        },
        "network": {
            "public_network_id": lent.network,
            "floating_network_name": lent.network_name,
            "build_timeout": str(BUILD_SECONDS),
        },
        # Debian's Tempest takes every extension for enabled unless they are named.
        "network-feature-enabled": {"api_extensions": ",".join(sorted(lent.extensions)), "port_security": "true"},
        "validation": {
            "run_validation": "true",
            "image_ssh_user": guest.USER,
            "image_alt_ssh_user": guest.USER,
            "ping_timeout": str(PING_SECONDS),
            "connect_timeout": str(CONNECT_SECONDS),
            "ssh_timeout": str(SSH_SECONDS),
        },
        "volume": {"build_timeout": str(BUILD_SECONDS), "storage_protocol": "ceph"},
        "volume-feature-enabled": {"backup": "false"},
    }
    for entry in _catalogue(cloud):
        sections.setdefault(SECTIONS[entry], {})["catalog_type"] = entry
    return "\n".join(_section(name, options) for name, options in sections.items())


def _catalogue(cloud: Cloud) -> list[str]:
    """Types of all services in the catalogue."""
    return [entry.type for service in cloud.services for entry in service.catalogue]


def _available(cloud: Cloud) -> dict[str, str]:
    has = set(_catalogue(cloud))
    return {name: str(kind in has).lower() for kind, name in SERVICES.items()}


def _compute(cloud: Cloud, lent: Lent) -> dict[str, str]:
    return {
        "image_ref": lent.image,
        "image_ref_alt": lent.image,
        "flavor_ref": lent.flavors[0],
        "flavor_ref_alt": lent.flavors[1],
        "build_timeout": str(BUILD_SECONDS),
        "min_compute_nodes": str(len(cloud.role("compute"))),
    }


def _section(name: str, options: Mapping[str, str]) -> str:
    return "".join([f"[{name}]\n", *(f"{option} = {value}\n" for option, value in options.items())])
