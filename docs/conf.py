"""Sphinx's settings for the documentation as a site: `make site`. The pages stay as the forge shows them, their links included."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
DOCS = Path(__file__).parent

project = "Hacienda"
copyright = "Hacienda's contributors"
release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"{project} {release}"
html_show_sphinx = False
html_copy_source = False

# The folder of the sources is the repository, so that a page may link to the README and the README to a page.
root_doc = "README"
include_patterns = ["*.md", "docs/**.md"]
exclude_patterns = [".*", "docs/conf.py"]

myst_heading_anchors = 6
suppress_warnings = ["myst.header"]


def navigation() -> str:
    """A table of contents in Markdown: the pages of each folder, by the folder. A page that is added is in it, too."""
    folders = sorted(path.name for path in DOCS.iterdir() if path.is_dir() and any(path.glob("*.md")))
    tables = [("Guides", ["docs/*"])]
    tables += [(name.replace("howto", "how-to").capitalize(), [f"docs/{name}/*"]) for name in folders]
    tables.append(("Project", sorted(path.stem for path in ROOT.glob("*.md") if path.stem != root_doc)))
    return "".join(
        f"\n```{{toctree}}\n:caption: {caption}\n:hidden:\n:glob:\n\n" + "\n".join(pages) + "\n```\n"
        for caption, pages in tables
    )


def _folder_links(text: str, folder: Path) -> str:
    """Text whose links to a folder lead to its first page: the forge lists a folder's files, a site has no such page."""

    def page_of(link: re.Match[str]) -> str:
        target = folder / link[2]
        if not target.is_dir():
            return link[0]
        first = next(iter(sorted(target.glob("*.md"), key=lambda path: (path.stem != "README", path))), None)
        return f"[{link[1]}]({link[2].rstrip('/')}/{first.name})" if first else link[1]

    return re.sub(r"\[([^][]*)\]\(([\w./-]+)\)", page_of, text)


def _adapt(app: Sphinx, page: str, content: list[str]) -> None:
    content[0] = _folder_links(content[0], Path(app.env.doc2path(page)).parent)
    if page == root_doc:
        content[0] += navigation()


def _show_readme_first(app: Sphinx, error: Exception | None) -> None:
    if error is None:
        shutil.copy(Path(app.outdir, f"{root_doc}.html"), Path(app.outdir, "index.html"))


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    # No program that draws it: that would be a script from elsewhere.
    app.add_lexer("mermaid", TextLexer)
    app.connect("source-read", _adapt)
    app.connect("build-finished", _show_readme_first)
