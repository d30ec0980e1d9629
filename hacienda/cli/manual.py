"""The documentation's pages, which are part of the package. Messages name them by path, like `docs/services/etcd.md`."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs"
"""In a checkout this is a link to the documentation; in a wheel these are its pages."""


def pages() -> tuple[str, ...]:
    """Every page's path, like `docs/services/etcd.md`, in alphabetical order."""
    return tuple(sorted(f"docs/{path.relative_to(FOLDER).as_posix()}" for path in FOLDER.rglob("*.md")))


def path_of(name: str) -> str:
    """A page's path, from a short or the whole form: `services/etcd`, `docs/services/etcd.md`. The page need not exist."""
    return f"docs/{name.removeprefix('docs/').removesuffix('.md')}.md"


def text(page: str) -> str:
    """A page's Markdown.

    Args:
        page: one of `pages`.
    """
    return (FOLDER / page.removeprefix("docs/")).read_text(encoding="utf-8")
