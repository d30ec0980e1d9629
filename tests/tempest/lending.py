"""What a run makes in the cloud for Tempest, and removes after it: an administrator, an image, flavors, an external network."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hacienda.cli import lab, verify
from hacienda.cloud import Cloud
from hacienda.operate import Project
from hacienda.operate.journey import network, sweep, tenant, upload
from hacienda.operate.journey.access import addresses, authorities
from hacienda.operate.journey.travel import setting_out
from hacienda.operate.journey.traveller import Traveller
from tests.tempest import guest
from tests.tempest.settings import Lent

PREFIX = "tempest-"
"""First part of the names of everything that Tempest makes (its option `resource_name_prefix`)."""


@dataclass(frozen=True)
class Loan:
    """What a cloud lends to Tempest.

    Args:
        lent: what was made for Tempest.
        authorities: certificates of the authorities that clients trust.
        addresses: names of the public APIs, and their addresses.
        left: asks what Tempest has left in the cloud, by kind.
    """

    lent: Lent
    authorities: str
    addresses: dict[str, str]
    left: Callable[[], dict[str, list[str]]]


@contextmanager
def loan(project: Project, cloud: Cloud) -> Iterator[Loan]:
    """Make everything, and remove it at the end with all that Tempest left. What a killed run left is removed first."""
    with tempfile.TemporaryDirectory(prefix="tempest-") as folder:
        own = verify.chosen(cloud, None, "")
        booted = guest.with_ssh(own, Path(folder), lab.mirror_of(cloud), cloud.package_sources.proxy)
        with setting_out(project, cloud, booted) as traveller:
            yield from _lent(project, traveller)


def _lent(project: Project, traveller: Traveller) -> Iterator[Loan]:
    cloud = traveller.cloud
    sweep.others(traveller)
    _sweep(traveller)
    try:
        lent = _lend(traveller)
        trusted = authorities(cloud, project.store_of(cloud)).decode()
        before = _listing(traveller)
        yield Loan(lent, trusted, _public(cloud), lambda: _differ(before, _listing(traveller)))
    finally:
        try:
            _sweep(traveller)
        finally:
            sweep.own(traveller)


def _sweep(traveller: Traveller) -> None:
    sweep.remove(sweep.Sweep(traveller, lambda name: True, PREFIX))


def _lend(traveller: Traveller) -> Lent:
    tenant.create(traveller)
    identity = traveller.identity
    role = next(iter(identity.roles(name="admin")))
    identity.assign_project_role_to_user(traveller.made["project"], traveller.made["user"], role)
    upload.upload(traveller)
    for image in traveller.admin.image.images():
        if sweep.run_of(image.name) == traveller.run:
            traveller.admin.image.update_image(image.id, visibility="public")
    outside: Any = network.find_outside(traveller)
    assert outside is not None, "there is no external network"
    return Lent(
        traveller.access.auth_url,
        traveller.made["user"].name,
        traveller.made["project"].name,
        traveller.user_password,
        traveller.made["image"].id,
        (_flavor(traveller, 1), _flavor(traveller, 2)),
        outside.id,
        outside.name,
        tuple(extension.alias for extension in traveller.admin.network.extensions()),
    )


def _flavor(traveller: Traveller, times: int) -> str:
    made = traveller.admin.compute.create_flavor(
        name=traveller.name(f"flavor-{times}"), ram=times * traveller.image.memory, vcpus=1, disk=times
    )
    return str(made.id)


def _public(cloud: Cloud) -> dict[str, str]:
    """Names of the public virtual IP, and its address: all that the world resolves."""
    vip = cloud.virtual_ip("public")
    assert vip is not None, "the public APIs have no virtual IP"
    return {name: address for name, address in addresses(cloud).items() if address == str(vip.address)}


def _listing(traveller: Traveller) -> dict[str, list[str]]:
    """Identifiers of everything that Tempest makes in a cloud, by kind."""
    identity = traveller.identity
    kinds: dict[str, Callable[[], Iterable[Any]]] = {
        "domains": identity.domains,
        "endpoints": identity.endpoints,
        "groups": identity.groups,
        "policies": identity.policies,
        "regions": identity.regions,
        "roles": identity.roles,
        "services": identity.services,
    }
    found = {kind: sorted(str(one.id) for one in ask()) for kind, ask in kinds.items()}
    return found | sweep.listing(traveller.cloud, traveller.admin)


def _differ(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is there now and was not before, or the other way round."""
    differ = {kind: sorted({*before[kind]} ^ {*after[kind]}) for kind in before}
    return {kind: found for kind, found in differ.items() if found}
