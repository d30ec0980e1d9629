"""The revision that is compared with: its files from git in a temporary folder, rendered by its own code."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import hacienda
from hacienda import services
from hacienda.cloud import Cloud
from hacienda.declare.trust import Fact
from hacienda.environment import load, shipped
from hacienda.environment.trusted import trusted
from hacienda.errors import InputError, ToolError
from hacienda.review.diff import git, trust
from hacienda.review.diff.export import of_export
from hacienda.review.diff.rendering import Rendering, of_folder

_LIMIT_SECONDS = 600
"""For rendering the base; a thousand machines take ten seconds on a quiet machine."""

_EXPORTS = tuple(Path(f"hacienda/review/{name}/__main__.py") for name in ("diff", "rendered_diff"))
"""What a base that has it is rendered with: the present name, then a former one. A base without is older, and is synthesized."""

_CODE = Path(hacienda.__file__).resolve().parent.parent
"""The folder of the code that is running."""

_OF_CODE = ("hacienda", "main.py", "Makefile", "pyproject.toml", "requirements.txt", "cdktf.json", ".github")
"""What runs there, and what makes it run."""


@dataclass(frozen=True)
class Base:
    """A revision that was rendered.

    Args:
        revision: as the operator wrote it.
        commit: its full hash.
        rendering: None: the environment is not in it.
        code: number of files of Hacienda's own code that differ from it, where the repository has that code.
    """

    revision: str
    commit: str
    rendering: Rendering | None
    code: int = 0

    @property
    def title(self) -> str:
        """For people: what was written, and what it means."""
        short = self.commit[:10]
        return short if self.commit.startswith(self.revision) else f"{self.revision} ({short})"


@contextmanager
def rendered(revision: str, file: Path, root: Path) -> Iterator[Callable[[], Base]]:
    """Begin to render the base in a process of its own; calling what this gives waits for it. Texts can be read until the context
    is left.

    The base's own code renders it if the repository has the code that is running here, so that a changed template shows; else
    (Hacienda is installed, the repository has environments alone) the code that is running does.

    Args:
        revision: what git calls it, `HEAD`, `origin/main...`.
        file: the environment file in the working tree.
        root: the project's folder.

    Raises:
        InputError: there is no repository or no such revision, or the file is outside of it; when called: the base's file is bad.
        ToolError: git is missing or fails; when called: the base's code fails.
    """
    file, root = file.resolve(), root.resolve()
    repository = git.toplevel(file.parent)
    commit = git.commit(repository, revision)
    with tempfile.TemporaryDirectory(prefix="hacienda-base-") as name:
        folder = Path(name)
        tree, out = folder / "tree", folder / "out"
        git.check_out(repository, commit, tree)
        project = _there(root, repository, tree) or tree
        own = [_CODE / name for name in _OF_CODE] if _CODE.is_relative_to(repository) else []
        differing = git.changed(repository, commit, *own) if own else 0
        found = _environment(file, repository, tree, project)
        if found is None:
            yield lambda: Base(revision, commit, None, differing)
            return
        code = _there(_CODE, repository, tree) or _CODE
        process = _start(found, project, code, out)
        try:

            def waited() -> Base:
                finished = _finished(process, revision, out)
                return Base(revision, commit, _trusting(finished, found, project), differing)

            yield waited
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()


def _there(path: Path, repository: Path, tree: Path) -> Path | None:
    """Where a path of the repository is in the base; None: it is not of the repository."""
    return tree / path.relative_to(repository) if path.is_relative_to(repository) else None


def _environment(file: Path, repository: Path, tree: Path, project: Path) -> Path | None:
    """The base's file: at the same place, or one that is found by the same name."""
    same = tree / file.relative_to(repository)
    return same if same.is_file() else shipped(project).get(file.stem)


def _start(file: Path, project: Path, code: Path, out: Path) -> subprocess.Popen[str]:
    # By a path relative to its project, so that the base's errors name its file as the operator knows it.
    shown = f"./{os.path.relpath(file, project)}" if file.is_relative_to(project) else str(file)
    module, *arguments = ("hacienda.cli", "synth", shown, "--no-secrets", "--out", str(out))
    export = next((path for path in _EXPORTS if (code / path).is_file()), None)
    if export is not None:
        module, *arguments = (".".join(export.parent.parts), shown, str(out))
    libraries = [path for path in (str(code), os.environ.get("PYTHONPATH")) if path]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(libraries), "HACIENDA_SECRETS": "none", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def facts(cloud: Cloud, root: Path) -> dict[str, Fact]:
    """Settings of trust as the working tree has them, with what the files hold that come with the project.

    Args:
        cloud: the environment.
        root: the project's folder.
    """
    sealed = trust.sealed(root, cloud.name, cloud.secrets.backend, cloud.secrets.path)
    return {**cloud.trusted, **dict(trust.contents(cloud.trusted, sealed, root, lambda path: not git.ignored(path)))}


def _trusting(rendering: Rendering, file: Path, project: Path) -> Rendering:
    """With what its files of trust hold; a base whose code is too old to say what it trusts is read by the code that runs."""
    try:
        environment = load(file, services.registry())
    except InputError:
        return rendering
    known = rendering.trust if rendering.trust is not None else trusted(environment)
    kept = environment.secrets
    sealed = trust.sealed(project, environment.name, kept.backend, kept.path)
    held = trust.contents(known, sealed, project, lambda path: True)
    return replace(rendering, trust={**known, **dict(held)})


def _finished(process: subprocess.Popen[str], revision: str, out: Path) -> Rendering:
    try:
        _, said = process.communicate(timeout=_LIMIT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"Rendering {revision} took more than {_LIMIT_SECONDS} s.") from error
    if process.returncode == InputError.exit_code:
        raise InputError(
            f"--base {revision}: what it has cannot be rendered:\n{said.strip()}", "Name a revision that was good."
        )
    if process.returncode != 0:
        last = "\n".join(said.strip().splitlines()[-10:])
        raise ToolError(f"The code of {revision} ended with {process.returncode}:\n{last}")
    return of_folder(out) if out.is_dir() else of_export(out)
