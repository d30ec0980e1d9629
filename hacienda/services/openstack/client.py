"""Clients of other OpenStack APIs: the account that they use, and whom they trust.

The template `templates/openstack/client.j2` is the body of a section, such as `[placement]`. It reads the variable `api_client`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hacienda.cloud.model import Cloud
from hacienda.declare import Account, Service
from hacienda.services.openstack import api


@dataclass(frozen=True)
class Client:
    """Values for the template.

    Args:
        account: the user in Keystone.
        auth_url: Keystone's URL, with its version.
        trust: folder of the authority that signs the certificates at the virtual IP.
    """

    account: Account
    auth_url: str
    trust: str


def variables(cloud: Cloud, service: Service, trust: str = "") -> Mapping[str, Any]:
    """Variables of the template: `api_client`.

    Args:
        trust: folder of the authority; empty: that of the service's API, `/etc/<service>/identity`.
    """
    return {
        "api_client": Client(
            account=next(account for account in service.accounts if account.kind == "identity"),
            auth_url=api.auth_url(cloud),
            trust=trust or f"{api.folder(service.name)}/identity",
        )
    }
