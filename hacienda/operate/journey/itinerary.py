"""The steps of a journey, in order."""

from __future__ import annotations

from hacienda.declare import Capability
from hacienda.operate.journey import instance, migration, network, reach, screen, sweep, tenant, upload, volume
from hacienda.operate.journey.travel import Step

_COMPUTE: tuple[Capability, ...] = ("image", "instances", "instance network")

CLEANING = (
    Step("sign in", tenant.sign_in, makes=False),
    Step("leftovers", sweep.others, after=("sign in",), makes=False),
)

STEPS = (
    *CLEANING,
    Step("project and user", tenant.create, after=("sign in",)),
    Step("quota", tenant.limit, after=("project and user",)),
    Step("image", upload.upload, ("image",), ("project and user",)),
    Step("flavor", instance.flavor, ("instances",), ("image",)),
    Step("network", network.create, ("instance network",), ("project and user",)),
    Step("security group", network.permit, ("instance network",), ("network",)),
    Step("key pair", instance.key_pair, ("instances",), ("project and user",)),
    Step("boot", instance.boot, _COMPUTE, ("flavor", "security group", "key pair")),
    Step("console", instance.console, _COMPUTE, ("boot",)),
    Step("metadata", instance.metadata, (*_COMPUTE, "instance metadata"), ("console",)),
    Step("screen", screen.show, (*_COMPUTE, "console"), ("boot",)),
    Step("floating IP", reach.address, _COMPUTE, ("boot",)),
    Step("ping", reach.ping, _COMPUTE, ("floating IP",)),
    Step("HTTP", reach.http, _COMPUTE, ("floating IP",)),
    Step("SSH", reach.ssh, _COMPUTE, ("floating IP",)),
    Step("volume", volume.create, ("block storage",), ("project and user",)),
    Step("attach", volume.attach, (*_COMPUTE, "block storage"), ("boot", "volume")),
    Step("write", volume.write, (*_COMPUTE, "block storage"), ("attach", "floating IP")),
    Step("snapshot", volume.snapshot, ("block storage",), ("volume",)),
    Step("detach", volume.detach, (*_COMPUTE, "block storage"), ("attach",)),
    Step("live migration", migration.migrate, _COMPUTE, ("boot",)),
    Step("moved screen", screen.show, (*_COMPUTE, "console"), ("screen", "live migration")),
)
