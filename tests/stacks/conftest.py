"""Every shipped environment, synthesized once for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hacienda import assess, cloud, services, stacks
from hacienda.environment import shipped

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Made:
    """A synthesis and the project folder it was made in."""

    synthesis: stacks.Synthesis
    root: Path

    def block(self, stack: str) -> Mapping[str, Any]:
        """What Terraform reads of a stack."""
        found: Mapping[str, Any] = json.loads((self.synthesis.out / "stacks" / stack / "cdk.tf.json").read_text())
        return found


def make(root: Path, *names: str, with_secrets: bool = True) -> Made:
    """Synthesize shipped environments into a project folder of their own."""
    known = shipped(ROOT)
    return synthesize(root, *(known[name] for name in names), with_secrets=with_secrets)


def synthesize(root: Path, *paths: Path, with_secrets: bool = True) -> Made:
    """Synthesize files into a project folder of their own."""
    clouds = cloud.read_all(paths, services.registry(), rules=assess.rules())
    return Made(stacks.synthesize(clouds, root / "cdktf.out", root=root, with_secrets=with_secrets), root)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The lab, with secrets."""
    return make(tmp_path_factory.mktemp("lab"), "lab")


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """All shipped environments but the large one in one output folder, without secrets as in a pull request."""
    names = sorted(set(shipped(ROOT)) - {"large"})
    return make(tmp_path_factory.mktemp("everything"), *names, with_secrets=False)
