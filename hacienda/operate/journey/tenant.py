"""Steps about the tenant: sign in, project, user, quota."""

from __future__ import annotations

from typing import Any

from hacienda.declare import Capability
from hacienda.operate.journey.faults import StepError
from hacienda.operate.journey.traveller import Traveller

ROLE = "member"
"""Keystone's own role of tenants, which its founding makes."""

QUOTA: dict[Capability, dict[str, Any]] = {
    "instances": {"instances": 2, "cores": 2, "ram": 4096},
    "instance network": {"networks": 2, "routers": 2, "floating_ips": 2, "ports": 20, "security_groups": 5},
    "block storage": {"volumes": 2, "snapshots": 2, "gigabytes": 20},
}
"""Capability -> limits of the tenant's project: room for one journey."""


def sign_in(traveller: Traveller) -> str:
    """Sign in as the administrator, and read the catalogue."""
    access = traveller.admin.session.auth.get_access(traveller.admin.session)  # type: ignore[union-attr]
    listed = sorted({entry["name"] for entry in access.service_catalog.catalog})
    lacks = sorted({one.name for service in traveller.cloud.services for one in service.catalogue} - set(listed))
    if lacks:
        fix = f"Run: hacienda apply {traveller.cloud.name}"
        raise StepError(f"the catalogue of Keystone lacks {', '.join(lacks)}", fix)
    return f"as admin, {traveller.access.where()}; the catalogue has {', '.join(listed)}"


def create(traveller: Traveller) -> str:
    """Make a project with a user in it, and sign in as that user."""
    identity = traveller.identity
    name = traveller.name("tenant")
    traveller.made["project"] = identity.create_project(name=name, domain_id="default")
    traveller.made["user"] = identity.create_user(
        name=name,
        domain_id="default",
        password=traveller.user_password,
        default_project_id=traveller.made["project"].id,
    )
    role = next(iter(identity.roles(name=ROLE)), None)
    if role is None:
        raise StepError(f"Keystone has no role {ROLE}", "Its founding makes it. Run: hacienda status")
    identity.assign_project_role_to_user(traveller.made["project"], traveller.made["user"], role)
    traveller.tenant = traveller.access.connect(name, traveller.user_password, name)
    traveller.tenant.authorize()
    return f"project and user {name}, role {ROLE}"


def limit(traveller: Traveller) -> str:
    """Set the project's quotas, and read them as the tenant does."""
    said = []
    project = traveller.made["project"].id
    for capability, limits in QUOTA.items():
        if traveller.cloud.provider(capability) is None:
            continue
        if capability == "instances":
            traveller.admin.compute.update_quota_set(project, user=None, **limits)
            found: Any = traveller.own.compute.get_quota_set(project)
        elif capability == "instance network":
            traveller.admin.network.update_quota(project, **limits)
            found = traveller.own.network.get_quota(project)
        else:
            traveller.admin.block_storage.update_quota_set(project, **limits)
            found = traveller.own.block_storage.get_quota_set(project)
        differ = [f"{name} {found[name]}" for name, number in limits.items() if found[name] != number]
        if differ:
            raise StepError(f"the tenant reads other quotas than were set: {', '.join(differ)}")
        said += [f"{name} {number}" for name, number in limits.items()]
    return ", ".join(said) or "nothing to limit"
