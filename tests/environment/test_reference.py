"""The reference page is what the models say."""

from __future__ import annotations

import re
from pathlib import Path

from hacienda import services
from hacienda.environment import Environment
from hacienda.environment.reference import reference
from tests.cloud.samples import REGISTRY

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    written = (DOCS / "environment.md").read_text()
    assert written == reference(services.registry()), "run `python docs/generate.py`"


def test_every_key_and_every_service_option_is_on_the_page() -> None:
    page = reference(REGISTRY)
    for key in Environment.model_fields:
        assert f"| `{key}` |" in page
    assert "| `connections` | whole number | `4096` | Connections at a time. |" in page
    assert "| `timeouts.connect` | whole number | `5` | Towards a backend. |" in page


def test_the_guide_shows_only_files_that_work() -> None:
    """Each block of the guide that is a whole file resolves."""
    from tests.cloud.samples import cloud

    blocks = re.findall(r"```yaml\n(name: .*?)```", (DOCS / "environment-guide.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        assert cloud(block).nodes
