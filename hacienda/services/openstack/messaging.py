"""Clients of the message queue: their address, account and trust.

The templates are in `templates/openstack/`: `transport.j2` is a line of the section `DEFAULT`, and `messaging.j2` has whole
sections. Both read the variable `messaging`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from hacienda.cloud.model import Cloud
from hacienda.declare import Account, Capability, Service, ServiceOptions, Timer, TrustAnchor
from hacienda.services.openstack import api

REQUIRES: tuple[Capability, ...] = ("message queue",)
"""What a client of the queue requires in addition to its own needs."""


class MessagingOptions(ServiceOptions):
    """Options of a client of the queue."""

    rpc_response_timeout: int = Field(default=60, ge=10, le=3600)
    """Seconds for which a call by the message queue waits for its answer. Default: 60, more than the time in which the queue or the
    database fails over, and no more than the load balancer waits."""


@dataclass(frozen=True)
class Messaging:
    """Values for the templates.

    Args:
        account: virtual host and user.
        servers: `address:port` of every server. Clients know all and need no load balancer.
        trust: folder of the authority that signs the servers' certificates.
    """

    account: Account
    servers: tuple[str, ...]
    trust: str


def trust(name: str) -> str:
    """Folder of the queue's authority, in the folder of the service of that name."""
    return f"{api.folder(name)}/messaging"


def files(name: str, folder: str = "") -> tuple[TrustAnchor, ...]:
    """The queue's authority.

    Args:
        name: group that reads it, and name of the service.
        folder: where it is; empty: `trust(name)`.
    """
    # A daemon reads it at each connection.
    return (TrustAnchor(folder or trust(name), "message queue", group=name, on_change="none"),)


def timers(configuration: str, model: type[MessagingOptions]) -> tuple[Timer, ...]:
    """Timers of calls, and of the connection to the queue."""
    return (
        Timer(
            "rpc_response_timeout",
            lambda cloud, node: cloud.options_of(model).rpc_response_timeout,
            configuration,
            "rpc_response_timeout",
        ),
        Timer("heartbeat_timeout_threshold", 20, configuration),
        Timer("heartbeat_rate", 3, configuration),
        Timer("kombu_reconnect_delay", 0.5, configuration),
        Timer("rabbit_interval_max", 5, configuration),
    )


def variables(cloud: Cloud, service: Service, folder: str = "") -> Mapping[str, Any]:
    """Variables of the templates: `messaging`. `folder` is as for `files`."""
    queue = cloud.registry.provider("message queue")
    return {
        "messaging": Messaging(
            account=next(account for account in service.accounts if account.kind == "messaging"),
            servers=tuple(f"{cloud.address(one)}:{queue.port('amqps').number}" for one in cloud.members(queue.name)),
            trust=folder or trust(service.name),
        )
    }
