"""Apps like those of somebody who imports the constructs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hacienda import cdk, services
from hacienda.cloud import read
from hacienda.constructs import EnvironmentOutput, Places, render
from hacienda.environment import shipped
from hacienda.platforms import Platform, platform_of

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class App:
    """An app with one stack, and the project it is in."""

    root: Path
    app: cdk.App
    stack: cdk.Stack

    def synth(self) -> Mapping[str, Any]:
        """Synthesize; what Terraform reads, without the CDK's own remarks."""
        self.app.synth()
        path = Path(self.app.outdir) / "stacks" / self.stack.node.id / "cdk.tf.json"
        block: dict[str, Any] = json.loads(path.read_text())
        for named in block.get("resource", {}).values():
            for attributes in named.values():
                attributes.pop("//", None)
        return block


def make_app(root: Path, name: str) -> App:
    """An app of its own in a project's folder."""
    root.mkdir(exist_ok=True)
    app = cdk.App(outdir=str(root / "cdktf.out"))
    return App(root, app, cdk.Stack(app, name))


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app with the stack `database`."""
    return make_app(tmp_path / "project", "database")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> tuple[EnvironmentOutput, Platform]:
    """The lab, rendered without secrets."""
    root = tmp_path_factory.mktemp("lab")
    cloud = read(shipped(ROOT)["lab"], services.registry())
    places = Places(root, root / "cdktf.out", cloud.name)
    return render(cloud, places), platform_of(cloud.platform, places.from_stack)
