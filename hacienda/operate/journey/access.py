"""Connections of OpenStack's SDK to a cloud's public APIs, from a machine that may not resolve the environment's names."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hacienda.cloud import Cloud
from hacienda.declare import authority_secret
from hacienda.errors import ToolError
from hacienda.secrets import Store

try:
    import keystoneauth1.session
    import openstack.connection
    import requests
    from keystoneauth1.identity import v3
    from requests.adapters import HTTPAdapter
except ModuleNotFoundError as missing:
    raise ToolError(
        f"The journey needs the extra `verify`, which is not installed (no module {missing.name}).",
        "In a checkout: make setup. Otherwise install hacienda[verify].",
    ) from None

# Without any handler Python prints their warnings, such as those about each further attempt.
for _library in ("keystoneauth", "openstack", "stevedore"):
    logging.getLogger(_library).addHandler(logging.NullHandler())

SECONDS = 60
"""Time-out of a request. kolla-ansible's load balancers wait as long."""

RETRIES = 1
"""Further attempts after a connection that fails or stays silent, and while the load balancers have no backend (503)."""


class Named(HTTPAdapter):
    """Connects to the addresses of some names. Certificates are verified against the names, and servers see the names.

    Args:
        addresses: name -> address. Other names are resolved as usual.
    """

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        super().__init__()

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The pool of connections for a request: to the address, with the name in TLS."""
        where, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        address = self._addresses.get(where["host"])
        if address is not None and where["scheme"] == "https":
            pool["server_hostname"] = where["host"]
            where["host"] = address
        return where, pool

    def add_headers(self, request: Any, **settings: Any) -> None:
        """Name the host as the URL does, and not by the address that is connected to."""
        request.headers["Host"] = urlsplit(request.url).netloc


class Access:
    """Signs in to a cloud.

    Args:
        cloud: the cloud.
        store: its secrets, which hold the administrator's password and the authority.
        folder: folder for the authority's certificate, which must exist as long as the connections.

    Raises:
        InputError: the store lacks a secret.
    """

    def __init__(self, cloud: Cloud, store: Store, folder: Path) -> None:
        self._cloud = cloud
        self._store = store
        self.addresses = addresses(cloud)
        identity = cloud.registry.provider("identity")
        entry = next(one for one in identity.catalogue if one.type == "identity")
        host, port = cloud.endpoint(identity.name, entry.port, "public")
        self.auth_url = f"https://{host}:{port}{entry.path}"
        self._trust: bool | str = True
        trusted = authorities(cloud, store)
        if trusted:
            file = folder / "ca.pem"
            file.write_bytes(trusted)
            self._trust = str(file)

    def where(self) -> str:
        """The identity API, with the address that its name stands for."""
        host = urlsplit(self.auth_url).hostname or ""
        return f"{self.auth_url} at {self.addresses.get(host, host)}"

    def admin(self) -> openstack.connection.Connection:
        """A connection as the administrator."""
        return self.connect("admin", self._store.get("keystone/admin").decode(), "admin")

    def tls(self) -> ssl.SSLContext:
        """Trusts the authorities that clients of the public APIs trust."""
        return ssl.create_default_context(cafile=self._trust if isinstance(self._trust, str) else None)

    def web(self) -> requests.Session:
        """Trusts the same authorities, and connects to the addresses of the environment's names."""
        web = requests.Session()
        # Neither proxies nor authorities of the operator's environment: the address is known, and so is who signs for it.
        web.trust_env = False
        web.verify = self._trust
        web.mount("https://", Named(self.addresses))
        return web

    def connect(self, user: str, password: str, project: str) -> openstack.connection.Connection:
        """A connection as a user of the default domain. It signs in at its first request."""
        auth = v3.Password(
            auth_url=self.auth_url,
            username=user,
            password=password,
            project_name=project,
            user_domain_id="default",
            project_domain_id="default",
        )
        session = keystoneauth1.session.Session(
            auth=auth, session=self.web(), verify=self._trust, timeout=SECONDS, app_name="hacienda"
        )
        return openstack.connection.Connection(
            session=session,
            region_name=self._cloud.region,
            interface="public",
            identity_api_version="3",
            connect_retries=RETRIES,
            status_code_retries=RETRIES,
        )


def addresses(cloud: Cloud) -> dict[str, str]:
    """Names in the catalogue, and their addresses: those of the virtual IPs, or of machines where there is none."""
    found = {cloud.fqdn(node): str(cloud.address(node)) for node in cloud.nodes}
    return found | {name: str(vip.address) for vip in cloud.virtual_ips for name in vip.hostnames}


def authorities(cloud: Cloud, store: Store) -> bytes:
    """Certificates of the authorities that clients of the public APIs trust; empty: those that operating systems trust.

    Raises:
        InputError: the store lacks one.
    """
    own = cloud.public_certificate
    if own is not None:
        return store.get(own.authority_name) if own.authority is not None else b""
    if cloud.virtual_ip("public") is not None:
        names = [cloud.registry.provider("load balancer").authority]
    else:
        names = [service.authority for service in cloud.services if service.catalogue]
    return b"".join(store.get(authority_secret(name)) for name in dict.fromkeys(names))
