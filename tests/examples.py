"""The examples of README and docs that commands print. `python -m tests.examples` writes them, and tests compare. Who adds
a service, or changes what a command prints, copies nothing.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from unittest import mock

from rich.console import Console

from hacienda import assess, cloud, environment, services
from hacienda.assess import rules
from hacienda.review import topology
from tests import repository
from tests.cli.conftest import CHANGED, Project, make_project, save_plan
from tests.shipped import ROOT

_COMMIT = r"\([0-9a-f]{10}\)"
DAY = date(2026, 11, 21)
"""The day of the examples: findings come and go with the days."""


def drawn() -> str:
    """`hacienda topology lab`."""
    lab = cloud.read(environment.find("lab", ROOT), services.registry(), rules=rules())
    console = Console(width=112, force_terminal=False)
    with console.capture() as captured:
        console.print(topology.draw(topology.picture(lab, assess.findings(assess.Subject(lab, DAY)))))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def reported(project: Project) -> str:
    """`hacienda report` in a project whose environment was changed after it was committed; its plan replaces two of three."""
    with mock.patch.object(assess, "today", lambda: DAY):
        return project.run("report", "small", "--base", "HEAD", "--plan", "plan.json", code=4).stdout


def changed(project: Project) -> Project:
    """The project of that report."""
    repository.commit(project.root)
    project.file.write_text(CHANGED)
    save_plan(project, "replace-two", "plan.json")
    return project


def report() -> str:
    """That report, of a project made for it."""
    with tempfile.TemporaryDirectory() as folder:
        return reported(changed(make_project(Path(folder) / "project")))


def block(page: str, opening: str) -> re.Match[str]:
    """The first block of a page that a pattern opens; its text is the group `text`."""
    found = re.search(rf"^(?P<fence>`{{3,}}){opening}\n(?P<text>.*?)^(?P=fence)$", page, re.DOTALL | re.MULTILINE)
    assert found is not None, opening
    return found


def begun(printed: str, sections: int) -> str:
    """The beginning of a report, up to the end of so many folded sections."""
    parts = printed.split("</details>\n")
    assert len(parts) > sections
    return "".join(f"{part}</details>\n" for part in parts[:sections])


def ends(page: str) -> int:
    """Sections of a report that a page shows."""
    return block(page, "markdown")["text"].count("</details>")


EXAMPLES: Mapping[str, tuple[tuple[str, Callable[[str], str]], ...]] = {
    "README.md": (
        (r"text(?=\n╭─)", lambda page: drawn()),
        ("markdown", lambda page: begun(report(), ends(page))),
    ),
    "docs/report.md": (("markdown", lambda page: begun(report(), ends(page))),),
}
"""Page -> what opens a block, and what belongs there."""


def written(page: str, text: str) -> str:
    """A page with its examples as the commands print them now."""
    for opening, example in EXAMPLES[page]:
        found = block(text, opening)
        commit = re.search(_COMMIT, found["text"])  # another one on each machine, whose paths are in it
        new = re.sub(_COMMIT, commit[0], example(text)) if commit else example(text)
        text = text[: found.start("text")] + new + text[found.end("text") :]
    return text


if __name__ == "__main__":
    for name in EXAMPLES:
        path = ROOT / name
        path.write_text(written(name, path.read_text()))
    sys.exit(0)
