"""Plans an environment: the changes of an apply, and the guard's verdict on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hacienda.cloud import Cloud
from hacienda.operate import planning
from hacienda.operate.deploy import Deployment
from hacienda.operate.observer import Observer
from hacienda.operate.planning import Review
from hacienda.operate.project import Project


@dataclass(frozen=True)
class Planned:
    """Plans of every stack, for reading only: their saved files are deleted already.

    Args:
        deployed: the environment as it was synthesized.
        review: the plans and the guard's verdict.
    """

    deployed: Deployment
    review: Review


def plan(
    project: Project,
    cloud: Cloud,
    *,
    observer: Observer | None = None,
    replace: Sequence[str] = (),
    outdated: bool = False,
    accept: Sequence[str] = (),
    with_secrets: bool = True,
) -> Planned:
    """Plan every stack and judge the plans as one. Nothing on any machine changes.

    Args:
        project: the environment's project.
        cloud: the environment (`project.read`).
        observer: follows the operation. Default: none.
        replace: nodes whose machines are replaced.
        outdated: replace machines that were made from another image or first boot than declared.
        accept: services whose last copy may be deleted.
        with_secrets: create missing secrets and record their digests. Default: True.

    Raises:
        InputError: there are no such nodes, or a store cannot be used.
        ToolError: Terraform is missing or failed, or something cannot be written.
    """
    following = observer or Observer()
    deployed = planning.deployment(project, cloud, following, with_secrets=with_secrets)
    addresses = planning.replacements(deployed, replace, following, outdated=outdated)
    with planning.planned(deployed, following, replace=addresses) as plans:
        return Planned(deployed, planning.judged(project, cloud, plans, accept))
