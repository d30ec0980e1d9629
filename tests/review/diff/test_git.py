"""Files of a commit are had without writing into the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda.errors import InputError
from hacienda.review.diff import git
from tests import repository


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with two commits, the second of which changed `file`."""
    made = tmp_path / "repository"
    made.mkdir()
    (made / "file").write_text("old\n")
    repository.commit(made)
    (made / "file").write_text("new\n")
    repository.commit(made)
    return made


def test_a_commit_is_checked_out_beside_the_working_tree(folder: Path, tmp_path: Path) -> None:
    (folder / "file").write_text("uncommitted\n")
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    git.check_out(folder, git.commit(folder, "HEAD~1"), tmp_path / "tree")
    assert (tmp_path / "tree/file").read_text() == "old\n"
    assert (folder / "file").read_text() == "uncommitted\n"
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before
    assert repository.git(folder, "diff", "--cached", "--name-only") == ""


def test_a_hook_s_variables_mean_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "none"))
    assert git.toplevel(folder) == folder.resolve()


def test_three_dots_mean_where_two_branches_parted(folder: Path) -> None:
    parted = repository.git(folder, "rev-parse", "HEAD")
    repository.git(folder, "branch", "other")
    repository.commit(folder, "Here")
    repository.git(folder, "checkout", "--quiet", "other")
    repository.commit(folder, "There")
    assert len(set(repository.git(folder, "log", "--all", "--format=%cI").splitlines())) == 4
    assert git.commit(folder, "main...") == parted
    assert git.commit(folder, "main") != parted


@pytest.mark.parametrize("revision", ["nothing", "", "...", "--help", "HEAD~9", "HEAD:file", "nothing..."])
def test_what_is_no_commit_is_refused(folder: Path, revision: str) -> None:
    with pytest.raises(InputError, match="there is no such commit"):
        git.commit(folder, revision)


def test_branches_without_a_common_commit_are_told(folder: Path) -> None:
    repository.git(folder, "checkout", "--quiet", "--orphan", "other")
    repository.commit(folder)
    with pytest.raises(InputError, match="no common commit"):
        git.commit(folder, "main...")


def test_a_folder_that_is_in_no_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is in no git repository"):
        git.toplevel(tmp_path)
