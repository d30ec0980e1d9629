"""The reference page is what the models say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hacienda import cloudinit, services
from hacienda.environment import Environment
from hacienda.environment.reference import reference
from hacienda.errors import InputError
from tests.cloud import samples
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


BLOCKS = re.findall(r"```yaml\n(name: .*?)```", (DOCS / "environment-guide.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("platform", ["incus", "existing"])
@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_the_guide_shows_only_files_that_work(block: str, platform: str) -> None:
    """Each block of the guide that is a whole file resolves, and its machines are rendered, wherever they are; a container has no
    cards to name."""
    assert len(BLOCKS) > 5
    text = re.sub("platform: .*\n", "", block) + f"platform: {platform}\n"
    if platform == "incus" and "bond: " in block:
        with pytest.raises(
            InputError, match="is not possible on platform incus: a container has one card for each network"
        ):
            samples.cloud(text, services.registry())
        return
    cloud = samples.cloud(text, services.registry())
    for node in cloud.nodes[:4]:
        assert cloudinit.render(cloud, node, "").files
