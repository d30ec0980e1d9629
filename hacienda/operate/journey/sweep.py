"""Removes what journeys made, in the reverse order of its making. It finds everything by name and project, so it also removes what
a request made whose answer never came, and what a killed journey left."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from hacienda.cloud import Cloud
from hacienda.declare import Capability
from hacienda.operate.journey import faults
from hacienda.operate.journey.faults import StepError
from hacienda.operate.journey.traveller import PAUSE, PREFIX, Traveller

if TYPE_CHECKING:
    from openstack.connection import Connection

OLD = 2 * 3600
"""Seconds after which a journey from another machine is over: it takes minutes."""

GONE_SECONDS = 180
"""Patience for something to be gone after its deletion was accepted."""

_RUN = re.compile(rf"({PREFIX}-[0-9a-f]{{6}}-(\d+))-")


def run_of(name: str | None) -> str | None:
    """The journey that a name belongs to; None: none."""
    found = _RUN.match(name or "")
    return found[1] if found else None


def is_over(run: str, own: str, now: float) -> bool:
    """Whether a journey's leftovers may be removed: it began on this machine, of which only one runs at a time, or long ago."""
    origin, _, began = run.rpartition("-")
    return (origin == own.rpartition("-")[0] and run != own) or now - float(began) > OLD


def own(traveller: Traveller) -> str:
    """Remove everything of this journey."""
    return remove(Sweep(traveller, lambda name: run_of(name) == traveller.run))


def others(traveller: Traveller) -> str:
    """Remove what earlier journeys left."""
    return remove(Sweep(traveller, over(traveller, time.time())))


def over(traveller: Traveller, now: float) -> Callable[[str], bool]:
    """Whether a name belongs to a journey whose leftovers may be removed, at a time in seconds of the epoch."""
    return lambda name: (run := run_of(name)) is not None and is_over(run, traveller.run, now)


def remove(sweep: Sweep) -> str:
    """Remove what a sweep finds; in words, what that was.

    Raises:
        StepError: something is left behind.
    """
    sweep.run()
    removed = ", ".join(_counted(number, kind) for kind, number in sweep.removed.items()) or "nothing to remove"
    if sweep.failures:
        fix = f"The next journey tries again, and so does: hacienda verify {sweep.environment} --clean"
        raise StepError(f"{len(sweep.failures)} left behind; removed: {removed}", fix, tuple(sweep.failures))
    return f"removed: {removed}" if sweep.removed else removed


class _SilentError(Exception):
    """An API does not answer."""


class Sweep:
    """Removes what some journeys made.

    Args:
        traveller: the administrator's connection, and the cloud.
        wanted: whether a thing of some name is removed.
        prefix: beginning of all names of things that may be removed.
    """

    def __init__(self, traveller: Traveller, wanted: Callable[[str], bool], prefix: str = PREFIX) -> None:
        self.environment = traveller.cloud.name
        self._admin = traveller.admin
        self._identity = traveller.identity
        self._says = traveller.says
        self._has: Callable[[Capability], bool] = lambda capability: traveller.cloud.provider(capability) is not None
        self._wanted = wanted
        self._prefix = prefix
        self._silent: set[Capability] = set()
        self.removed: Counter[str] = Counter()
        self.failures: list[str] = []

    def run(self) -> None:
        """Remove everything, as far as it can be; failures are collected. Project and user stay while anything of theirs does."""
        projects = self._named(self._identity.projects())
        users = self._named(self._identity.users())
        owners = [one.id for one in projects]
        parts: tuple[tuple[Capability, Callable[[], None]], ...] = (
            ("instances", partial(self._instances, users)),
            ("instance network", partial(self._networks, owners)),
            ("block storage", self._volumes),
            ("image", self._images),
            ("instances", self._flavors),
            ("instances", partial(self._quotas, owners, "compute")),
            ("instance network", partial(self._quotas, owners, "network")),
            ("block storage", partial(self._quotas, owners, "block_storage")),
        )
        for capability, part in parts:
            if self._has(capability) and capability not in self._silent:
                with self._unless_silent(capability):
                    part()
        if not self.failures:
            self._all("user", users, self._identity.delete_user)
            self._all("project", projects, self._identity.delete_project)

    @contextmanager
    def _unless_silent(self, capability: Capability) -> Iterator[None]:
        """Leave the rest of an API alone once it does not answer: each request would wait for its time-out."""
        try:
            yield
        except _SilentError:
            self._silent.add(capability)

    def _named(self, found: Iterable[Any]) -> list[Any]:
        """Those whose names are wanted."""
        return [one for one in found if (one.name or "").startswith(self._prefix) and self._wanted(one.name)]

    def _each(
        self, kind: str, found: Iterable[Any], delete: Callable[[Any], Any], get: Callable[[Any], Any] | None = None
    ) -> None:
        """Delete those whose names are wanted, and wait until `get` finds them no more."""
        self._all(kind, self._named(self._listed(f"{kind}s", lambda: found)), delete, get)

    def _all(
        self, kind: str, items: Iterable[Any], delete: Callable[[Any], Any], get: Callable[[Any], Any] | None = None
    ) -> None:
        asked = [one for one in items if self._done(_title(kind, one), partial(delete, one))]
        for one in asked:
            if get is None or self._done(_title(kind, one), partial(self._gone, kind, one, get)):
                self.removed[kind] += 1

    def _gone(self, kind: str, one: Any, get: Callable[[Any], Any]) -> None:
        from openstack.exceptions import NotFoundException

        began = time.monotonic()
        while True:
            try:
                found = get(one.id)
            except NotFoundException:
                return
            self._says(f"waiting until {_title(kind, one)} is gone: it is {found.status}")
            if str(found.status).startswith("error_deleting") or time.monotonic() - began > GONE_SECONDS:
                raise StepError(f"is still there, {found.status}, {time.monotonic() - began:.0f} s after its deletion")
            time.sleep(PAUSE)

    def _done(self, what: str, work: Callable[[], Any]) -> bool:
        """Whether the work succeeded; a failure is recorded, unless there was nothing to do it with (404)."""
        from keystoneauth1.exceptions import ConnectFailure, ConnectTimeout

        self._says(f"removing {what}")
        try:
            work()
        except Exception as error:
            fault = faults.describe(error)
            if fault is None:
                raise
            if getattr(getattr(error, "response", None), "status_code", None) != 404:
                self.failures.append(f"{what}: {fault.what}")
            if isinstance(error, ConnectFailure | ConnectTimeout):
                raise _SilentError from error
            return False
        return True

    def _listed(self, what: str, kind: Callable[[], Iterable[Any]]) -> list[Any]:
        """What an API lists; nothing if it fails, which is recorded."""
        found: list[Any] = []
        self._done(what, lambda: found.extend(kind()))
        return found

    def _instances(self, users: list[Any]) -> None:
        nova = self._admin.compute
        servers = nova.servers(all_projects=True, name=self._prefix)
        self._each("instance", servers, lambda one: nova.delete_server(one.id), nova.get_server)
        for user in users:
            keys = self._listed("key pairs", partial(nova.keypairs, user_id=user.id))
            self._all("key pair", keys, partial(nova.delete_keypair, user_id=user.id))

    def _networks(self, projects: list[str]) -> None:
        neutron = self._admin.network
        self._all("floating IP", self._of(projects, neutron.ips), neutron.delete_ip)
        routers = self._named(self._listed("routers", neutron.routers))
        for router in routers:
            for port in self._listed("ports", partial(neutron.ports, device_id=router.id)):
                if port.device_owner.startswith("network:router_interface"):
                    take = partial(neutron.remove_interface_from_router, router, port=port.id)
                    self._done(f"interface of {router.name}", take)
        self._all("router", routers, neutron.delete_router)
        mine = [port for port in self._of(projects, neutron.ports) if not port.device_owner.startswith("network:")]
        self._all("port", mine, neutron.delete_port)
        self._each("network", neutron.networks(), neutron.delete_network)
        self._all("security group", self._of(projects, neutron.security_groups), neutron.delete_security_group)

    def _of(self, projects: list[str], kind: Callable[..., Iterable[Any]]) -> Iterator[Any]:
        for project in projects:
            yield from self._listed("networks", partial(kind, project_id=project))

    def _volumes(self) -> None:
        cinder = self._admin.block_storage
        self._each("snapshot", cinder.snapshots(all_projects=True), cinder.delete_snapshot, cinder.get_snapshot)
        self._each("volume", cinder.volumes(all_projects=True), cinder.delete_volume, cinder.get_volume)

    def _images(self) -> None:
        self._each("image", self._admin.image.images(), self._admin.image.delete_image)

    def _flavors(self) -> None:
        nova = self._admin.compute
        self._each("flavor", nova.flavors(is_public="None"), nova.delete_flavor)

    def _quotas(self, projects: list[str], api: str) -> None:
        """Remove limits: the APIs keep them after a project is gone."""
        proxy: Any = getattr(self._admin, api)
        for project in projects:
            self._done("quota", partial(proxy.delete_quota if api == "network" else proxy.revert_quota_set, project))


def listing(cloud: Cloud, admin: Connection) -> dict[str, list[str]]:
    """Identifiers of all that tenants have in a cloud, by kind: equal before and after a journey."""
    identity: Any = admin.identity
    # Functions: the SDK looks for an API as soon as its proxy is named.
    kinds: tuple[tuple[str, Capability, Callable[[], Iterable[Any]]], ...] = (
        ("projects", "identity", lambda: identity.projects()),
        ("users", "identity", lambda: identity.users()),
        ("images", "image", lambda: admin.image.images()),
        ("instances", "instances", lambda: admin.compute.servers(all_projects=True)),
        ("flavors", "instances", lambda: admin.compute.flavors(is_public="None")),
        ("networks", "instance network", lambda: admin.network.networks()),
        ("subnets", "instance network", lambda: admin.network.subnets()),
        ("routers", "instance network", lambda: admin.network.routers()),
        ("ports", "instance network", lambda: admin.network.ports()),
        ("floating IPs", "instance network", lambda: admin.network.ips()),
        ("security groups", "instance network", lambda: _groups(admin)),
        ("volumes", "block storage", lambda: admin.block_storage.volumes(all_projects=True)),
        ("snapshots", "block storage", lambda: admin.block_storage.snapshots(all_projects=True)),
    )
    return {
        kind: sorted(str(one.id) for one in ask())
        for kind, capability, ask in kinds
        if cloud.provider(capability) is not None
    }


def _groups(admin: Connection) -> Iterator[Any]:
    """Security groups without the group `default` of each project that exists. Neutron makes that one when a project first asks for
    anything, also for the administrator, who lists these."""
    identity: Any = admin.identity
    projects = {one.id for one in identity.projects()}
    for one in admin.network.security_groups():
        if one.name != "default" or one.project_id not in projects:
            yield one


def _counted(number: int, kind: str) -> str:
    return f"{number} {kind}{'' if number == 1 else 's'}"


def _title(kind: str, one: Any) -> str:
    return f"{kind} {getattr(one, 'name', None) or one.id}"
