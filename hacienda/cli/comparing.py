"""Compares an environment in the working tree with a revision, for `diff` and `report`."""

from __future__ import annotations

from hacienda import cloudinit, platforms
from hacienda.cli import console, project
from hacienda.cloud import Cloud
from hacienda.review import diff
from hacienda.review.diff import Base, Diff


def compared(cloud: Cloud, env: str, revision: str, lines: int | None = diff.MOST_LINES) -> tuple[Base, Diff]:
    """Render the environment and its base, the base with its own code, and compare them.

    Args:
        cloud: the environment as it is now.
        env: name or path of the environment, as the operator gave it.
        revision: git's name of the base.
        lines: most lines kept of one change; None: all.

    Raises:
        InputError: there is no repository or no such revision, or the base's file is bad.
        ToolError: git is missing or fails, or the base's code fails.
    """
    file, root = project.path_of(env), project.root()
    with (
        diff.rendered(revision, file, root) as waiting,
        console.working(f"rendering {cloud.name} twice"),
    ):
        outputs = (cloudinit.render(cloud, node, "") for node in cloud.nodes)
        facts = diff.facts(cloud, root)
        after = diff.of_outputs(outputs, diff.resources(cloud), facts)
        old = waiting()
        before = old.rendering or diff.Rendering({}, lambda node, path: "")
        replaces = platforms.platform_of(cloud.platform, str).replaces_for_first_boot
        return old, diff.compare(before, after, lines=lines, replaces=replaces, code=old.code)
