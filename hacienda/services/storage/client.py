"""Clients of the storage cluster: the files with which a service reaches its pools.

The templates are in `templates/storage/`. Both read the variable `storage`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hacienda.cloud.model import Cloud
from hacienda.declare import Account, Template, Timer
from hacienda.declare.files import Action
from hacienda.services.storage import cluster

PACKAGES = ("python3-rados", "python3-rbd")
"""Packages of a client that is written in Python."""


@dataclass(frozen=True)
class Client:
    """Values for the templates.

    Args:
        user: the user's name, without `client.`.
        accounts: accounts at the cluster whose keys are in the keyring: the user's, and those of users that guests open disks as.
        monitors: value of `mon_host`.
        secure: options with the modes that a connection may have.
        configuration: path of ceph.conf.
        keyring: path of the file with the key.
        secret_uuid: name of the user's key in libvirt.
    """

    user: str
    accounts: tuple[Account, ...]
    monitors: str
    secure: tuple[str, ...]
    configuration: str
    keyring: str
    secret_uuid: str


def account(user: str, pools: Mapping[str, str]) -> Account:
    """A user's account. `pools`: pool -> profile, `rbd` or `rbd-read-only`."""
    osd = ", ".join(f"profile {profile} pool={pool}" for pool, profile in pools.items())
    return Account("storage", user, caps=(("mon", "profile rbd"), ("osd", osd)))


def files(service: str, user: str = "", group: str = "", on_change: Action = "reload") -> tuple[Template, ...]:
    """ceph.conf and keyring in a service's folder. They exist only where the cloud has a storage cluster.

    Args:
        service: name of the service.
        user: the user's name; empty: the service's.
        group: group that reads the key; empty: the service's.
        on_change: what daemons need for a new key; connections that exist keep the former one.
    """
    configuration, keyring = paths(service, user)
    return (
        Template(
            configuration,
            checker="ceph-conf",
            source="../storage/ceph.conf.j2",
            # Daemons that run follow the monitors' own map.
            on_change="none",
            only_with="storage cluster",
        ),
        Template(
            keyring,
            checker="ceph-authtool",
            source="../storage/keyring.j2",
            group=group or service,
            mode=0o640,
            on_change=on_change,
            only_with="storage cluster",
        ),
    )


def timers(service: str, user: str = "") -> tuple[Timer, ...]:
    """Timers of the connection. They exist only where the file does. The arguments are as for `files`."""
    configuration, _ = paths(service, user)
    return (Timer("client_mount_timeout", 20, configuration),)


def paths(service: str, user: str = "") -> tuple[str, str]:
    """Paths of ceph.conf and keyring. The arguments are as for `files`."""
    return f"/etc/{service}/ceph.conf", f"/etc/{service}/ceph.client.{user or service}.keyring"


def volumes() -> Account:
    """The user that owns volumes. Guests open attached volumes as this user, so computes have its key, too."""
    return account("cinder", {cluster.VOLUMES: "rbd", cluster.IMAGES: "rbd-read-only"})


def variables(cloud: Cloud, service: str, user: str = "", others: Sequence[Account] = ()) -> Mapping[str, Any]:
    """Variables of the templates: `storage`, None where the cloud has no storage cluster.

    Args:
        service, user: as for `files`.
        others: further accounts whose keys the keyring has.
    """
    if cloud.provider("storage cluster") is None:
        return {"storage": None}
    name = user or service
    configuration, keyring = paths(service, user)
    return {
        "storage": Client(
            user=name,
            accounts=(Account("storage", name), *others),
            monitors=cluster.monitor_hosts(cloud),
            secure=cluster.SECURE,
            configuration=configuration,
            keyring=keyring,
            secret_uuid=cluster.secret_uuid(cloud, name),
        )
    }
