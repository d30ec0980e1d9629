"""Real Terraform for these tests: `terraform` or `tofu` on PATH, else the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hacienda.terraform import child
from tests import warm


@dataclass(frozen=True)
class Ran:
    """A command that ended: exit status, and all it said with its line breaks folded away."""

    code: int
    text: str

    @property
    def flat(self) -> str:
        """Everything in one line, without Terraform's frames: messages can be looked for wherever they were wrapped."""
        return " ".join(self.text.replace("│", " ").replace("╷", " ").replace("╵", " ").split())


def command() -> list[str]:
    """Arguments that start Terraform."""
    for name in ("terraform", "tofu"):
        found = shutil.which(name)
        if found:
            return [found]
    return child.command("")


def environment(extra: Mapping[str, str], folder: Path) -> dict[str, str]:
    """A process environment in which no configuration of this machine's user matters."""
    configuration = folder / "terraform.rc"
    configuration.touch()
    kept = {name: os.environ[name] for name in warm.KEPT if name in os.environ}
    fixed = {"TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    return {**kept, **fixed, **extra}


def run(folder: Path, *arguments: str, extra: Mapping[str, str]) -> Ran:
    """Run Terraform in a stack's folder and wait for it."""
    done = subprocess.run(
        [*command(), *arguments],
        cwd=folder,
        env=environment(extra, folder.parent),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=600,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode())


def start(folder: Path, *arguments: str, extra: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start Terraform in a process group of its own, as a terminal does, so that a test can interrupt it."""
    return subprocess.Popen(
        [*command(), *arguments],
        cwd=folder,
        env=environment(extra, folder.parent),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
