"""The base: the revision to compare with. Its files come from git into a temporary folder, and its own code renders them."""

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
"""Time limit for rendering the base. A thousand machines take ten seconds on an idle machine."""

_EXPORTS = tuple(Path(f"hacienda/review/{name}/__main__.py") for name in ("diff", "rendered_diff"))
"""Modules with which a base exports its rendering: the present name, then a former one. An older base is synthesized."""

_CODE = Path(hacienda.__file__).resolve().parent.parent
"""Folder of the running code."""

_OF_CODE = ("hacienda", "main.py", "Makefile", "pyproject.toml", "requirements.txt", "cdktf.json", ".github")
"""Paths of Hacienda's own code, and of the files that start it."""


@dataclass(frozen=True)
class Base:
    """A rendered revision.

    Args:
        revision: the name that the operator wrote.
        commit: full hash of the commit.
        rendering: the rendering; None: the revision does not contain the environment.
        code: number of files of Hacienda's own code that differ from the revision; 0 if the repository has no such code.
    """

    revision: str
    commit: str
    rendering: Rendering | None
    code: int = 0

    @property
    def title(self) -> str:
        """The revision for people: its name, and the short hash."""
        short = self.commit[:10]
        return short if self.commit.startswith(self.revision) else f"{self.revision} ({short})"


@contextmanager
def rendered(revision: str, file: Path, root: Path) -> Iterator[Callable[[], Base]]:
    """Start to render the base in a separate process.

    The context yields a function that waits for the result. Texts of the result can be read until the context ends.

    If the repository contains the running code, the base's own code renders the base, so that a changed template shows.
    Otherwise the running code does: Hacienda is installed, and the repository holds environments only.

    Args:
        revision: git's name for the base: `HEAD`, `origin/main...`.
        file: the environment file in the working tree.
        root: the project's folder.

    Raises:
        InputError: there is no repository or no such revision, or the file is outside the repository. The yielded function
            raises it if the base's file is invalid.
        ToolError: git is missing or fails. The yielded function raises it if the base's code fails.
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
    """The place in the base of a path in the repository; None: the path is outside the repository."""
    return tree / path.relative_to(repository) if path.is_relative_to(repository) else None


def _environment(file: Path, repository: Path, tree: Path, project: Path) -> Path | None:
    """The base's environment file: at the same path, or an environment or example of the same name."""
    same = tree / file.relative_to(repository)
    return same if same.is_file() else shipped(project).get(file.stem)


def _start(file: Path, project: Path, code: Path, out: Path) -> subprocess.Popen[str]:
    # A path relative to the project, so that the base's errors name the file as the operator knows it.
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
    """Settings of trust in the working tree, with the content of the project's files that they name.

    Args:
        cloud: the environment.
        root: the project's folder.
    """
    sealed = trust.sealed(root, cloud.name, cloud.secrets.backend, cloud.secrets.path)
    return {**cloud.trusted, **dict(trust.contents(cloud.trusted, sealed, root, lambda path: not git.ignored(path)))}


def _trusting(rendering: Rendering, file: Path, project: Path) -> Rendering:
    """The rendering with its settings of trust and their files. The running code reads the file of a base that exports none."""
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
            f"--base {revision}: the environment of this revision cannot be rendered:\n{said.strip()}",
            "Name a revision with a valid environment.",
        )
    if process.returncode != 0:
        last = "\n".join(said.strip().splitlines()[-10:])
        raise ToolError(f"The code of {revision} ended with {process.returncode}:\n{last}")
    return of_folder(out) if out.is_dir() else of_export(out)
