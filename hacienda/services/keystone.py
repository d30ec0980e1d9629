"""Keystone: identity. Users, projects, tokens, and the catalogue of every other service's endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Account,
    AccountKind,
    Assumption,
    CatalogueEntry,
    Check,
    Frontend,
    NodeFile,
    Port,
    Script,
    Secret,
    SecretDirectory,
    SecretFile,
    Service,
    Template,
    placeholder,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.services import TEMPLATES
from hacienda.services.openstack import api, upgrade

CONFIGURATION = "/etc/keystone/keystone.conf"
CACHE_KEY = "/etc/keystone/cache.key"
PUBLIC_AUTHORITY = "/etc/openstack/public-ca.pem"
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
WSGI = api.Wsgi(
    "wsgi-file = /usr/bin/keystone-wsgi-public",
    preload=("/usr/lib/hacienda/keystone/sealed_cache.py", "keystone.server.wsgi"),
)


class KeystoneOptions(api.ApiOptions):
    """Options of Keystone."""

    token_seconds: int = Field(default=3600, ge=300, le=86400)
    """Lifetime of a token, in seconds."""
    fernet_rotation_hours: int = Field(default=24, ge=1, le=168)
    """Hours between rotations of the fernet keys; determines how many keys are kept."""
    lockout_failures: int = Field(default=10, ge=1, le=1000)
    """Wrong passwords in a row after which an account is locked. Default: 10, the most that PCI DSS 4.0 allows (8.3.4). Accounts
    whose passwords Hacienda makes are never locked: these cannot be guessed, and a stranger could keep their owners out."""
    lockout_seconds: int = Field(default=1800, ge=1, le=86400)
    """Seconds for which an account stays locked. Default: 1800, as in Keystone and as PCI DSS 4.0 requires (8.3.4)."""
    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of keystone.conf that Hacienda does not set, by section: `{security_compliance: {unique_last_password_count: 5}}`."""


ALLOW_EXPIRED_SECONDS = 2 * 86400
"""Keystone's default of allow_expired_window: services finish long operations with a token that has expired meanwhile."""


def active_keys(cloud: Cloud) -> int:
    """Fernet keys to keep, in keystone.conf and in the store alike: ceil((expiration + allow_expired_window) / rotation) + 2.
    A key then outlives the last token that it signed (Keystone's documentation on key distribution)."""
    options = cloud.options_of(KeystoneOptions)
    lifetime = options.token_seconds + ALLOW_EXPIRED_SECONDS
    return -(-lifetime // (options.fernet_rotation_hours * 3600)) + 2


def endpoints(cloud: Cloud, entry: CatalogueEntry, service_name: str) -> list[dict[str, str]]:
    """One endpoint for each scope, in the catalogue's form."""
    found = []
    for scope in entry.scopes:
        host, port = cloud.endpoint(service_name, entry.port, scope)
        found.append({"interface": scope, "url": f"https://{host}:{port}{entry.path}"})
    return found


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    options = cloud.options_of(KeystoneOptions)
    return {
        **api.variables(cloud, node, service, options, WSGI),
        "active_keys": active_keys(cloud),
        "public": _public(cloud),
    }


def _public(cloud: Cloud) -> Mapping[str, str] | None:
    """How a client outside reaches the public endpoint; None unless another authority signs its certificate."""
    if cloud.public_certificate is None:
        return None
    host, port = cloud.endpoint("keystone", "api", "public")
    authority = PUBLIC_AUTHORITY if cloud.public_certificate.authority is not None else SYSTEM_AUTHORITIES
    return {"auth_url": f"https://{host}:{port}/v3", "authority": authority}


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    urls = {end["interface"]: end["url"] for end in endpoints(cloud, service.catalogue[0], "keystone")}
    return {
        "auth_url": api.auth_url(cloud),
        "local_url": f"https://{cloud.address(node)}:{service.port('api').number}/v3",
        "public_url": urls["public"],
        "internal_url": urls["internal"],
        "database_members": len(cloud.members(cloud.registry.provider("database").name)),
        **upgrade.facts("keystone", CONFIGURATION),
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
    roles=("controller",),
    requires=("database", "cache", "coordination", "load balancer", "virtual ip"),
    serves_without=api.SERVES_WITHOUT,
    provides=("identity",),
    packages=(*api.PACKAGES, "keystone", "python3-pymemcache"),
    units=("keystone.service",),
    ports=(Port("api", 5000, clients="internal"),),
    frontends=(
        Frontend(
            port="api",
            check=Check(path="/healthcheck"),
            scopes=("internal", "public"),
            capacity=api.capacity(KeystoneOptions),
            checks_passwords=True,
        ),
    ),
    files=(
        *api.files("keystone"),
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
            *api.OWNED,
            r"DEFAULT\.admin_token",
            # With the lifetime of a token, it determines how many fernet keys are kept.
            r"token\.allow_expired_window",
        ),
    ),
    secrets=(
        Secret("keystone/admin", reconciled=True),
        Secret("keystone/cache"),
        Secret("keystone/probe", reconciled=True),
        Secret("keystone/fernet-keys", kind="fernet-keys", keys=active_keys),
        Secret("keystone/credential-keys", kind="fernet-keys", reconciled=True),
    ),
    accounts=(Account("database", "keystone", connections=api.connections(KeystoneOptions)),),
    hands_out=(AccountKind("identity", takes=("roles",), renames=True),),
    catalogue=(CatalogueEntry(type="identity", name="keystone", port="api", path="/v3"),),
    timers=(*api.timers("keystone", CONFIGURATION, KeystoneOptions),),
    bootstrap=Script("bootstrap.sh"),
    reconcile=Script("reconcile.sh"),
    afterwards=upgrade.units("keystone"),
    sandboxes=(api.sandbox("keystone"), upgrade.sandbox("keystone")),
    verify=Script("verify.sh"),
    scripts=(
        *api.SCRIPTS,
        Script("own.py"),
        Script("found.py"),
        Script("admin.py"),
        Script("accounts.py"),
        Script("users.py"),
        Script("catalogue.py"),
        Script("issue.py"),
        Script("sealed_cache.py"),
    ),
    assumptions=(
        *api.assumptions("keystone", "keystone"),
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
    ),
)
