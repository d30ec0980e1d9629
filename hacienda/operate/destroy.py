"""Destroys an environment: every machine that Terraform made, and all data on them."""

from __future__ import annotations

from hacienda.cloud import Cloud
from hacienda.errors import InputError
from hacienda.operate import planning
from hacienda.operate.apply import Approve, apply_all
from hacienda.operate.observer import Observer
from hacienda.operate.project import Project


def destroy(project: Project, cloud: Cloud, *, approve: Approve, observer: Observer | None = None) -> float | None:
    """Destroy every stack. The secrets stay. Existing machines (platform existing) leave their clusters and continue to run.

    Args:
        project: the environment's project.
        cloud: the environment (`project.read`).
        approve: see `hacienda.operate.apply.Approve`.
        observer: follows the operation. Default: none.

    Returns:
        The wall time in seconds; None: there is nothing to destroy.

    Raises:
        InputError: the operation was not approved.
        ToolError: Terraform is missing, failed or was interrupted.
    """
    following = observer or Observer()
    deployed = planning.deployment(project, cloud, following)
    with planning.planned(deployed, following, destroy=True) as plans:
        review = planning.Review(cloud.name, plans)
        if not review.changed:
            return None
        if not approve(review):
            raise InputError("Nothing was touched.")
        return apply_all(deployed, plans, following, destroy=True)
