"""Runs a service's scripts below a folder, with stand-ins for the programs they call."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloud import Cloud
from hacienda.cloudinit import facts, files
from tests import programs as available

LIB = services.TEMPLATES.parents[1] / "cloudinit/node/lib.sh"

_PLACES = re.compile(
    r"/usr/lib/hacienda|/run/(?:ceph|hacienda|mysqld)|/etc/(?:ceph|rabbitmq)|/var/lib/(?:ceph|hacienda|mysql|rabbitmq)"
)
"""What scripts name by its absolute path and a sandbox has below its root."""


OF_THE_MACHINE = {
    "setpriv": 'while [[ $1 == --* ]]; do shift; done; exec "$@"',
    "install": """
kept=()
while (($#)); do case $1 in -o | -g) shift 2 ;; *) kept+=("$1"); shift ;; esac; done
exec /usr/bin/install "${kept[@]}"
""",
}
"""Users of daemons are not here: what runs as one runs as who runs the test, and what is given to one is kept."""


@dataclass(frozen=True)
class Outcome:
    """How a script ended and what it printed."""

    code: int
    output: str
    errors: str


class Sandbox:
    """One node of a cloud below `root`. Scripts name some places by their absolute paths, so they are copied with others.

    Args:
        programs: stand-ins, name -> bash text. Each call is noted in `calls` before it runs; `$STATE_DIR` is theirs.
    """

    def __init__(self, root: Path, cloud: Cloud, node: str, service: str, programs: Mapping[str, str]) -> None:
        self.root, self.state = root, root / "stand-ins"
        self.calls_file = self.state / "calls"
        self._lib = root / "usr/lib/hacienda"
        self._folder = self._lib / service
        for folder in (self._folder, self.state / "bin", root / "etc/hacienda/services", root / "var/lib/hacienda"):
            folder.mkdir(parents=True)
        self._write(self._lib / "lib.sh", LIB.read_text())
        for name, text in {**OF_THE_MACHINE, **programs}.items():
            self._write(
                self.state / "bin" / name, f'#!/bin/bash\necho "{name} $*" >>"$STATE_DIR/calls"\nset -u\n{text}\n'
            )
        for name in available.lacking({"jq"} - programs.keys()):
            self._write(self.state / "bin" / name, f'#!/bin/sh\ntouch "$STATE_DIR/lacks-{name}"\nexit 127\n')
        machine = cloud.node(node)
        declared = cloud.registry[service].on(machine.role)
        for assumed in declared.all_assumptions():
            if assumed.kind == "folder" and assumed.subject.startswith(("/var/lib/", "/var/log/")):
                (root / assumed.subject.lstrip("/")).mkdir(parents=True, exist_ok=True)
        rendered = list(files.service_files(cloud, machine, declared, services.TEMPLATES))
        for file in (facts.node_file(cloud, machine), *rendered):
            if file.path.startswith("/etc/hacienda/"):
                path = root / file.path.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(file.text)
            elif file.path.startswith("/usr/lib/hacienda/"):
                text = _PLACES.sub(lambda match: f"{root}{match[0]}", file.text)
                self._write(root / file.path.lstrip("/"), text)

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def run(self, script: str, *arguments: str, **variables: str) -> Outcome:
        """Run one of the service's scripts to its end, with more environment variables."""
        environment = {
            "PATH": f"{self.state / 'bin'}:{os.environ['PATH']}",
            "HACIENDA_ROOT": str(self.root),
            "STATE_DIR": str(self.state),
            **variables,
        }
        done = subprocess.run(
            [str(self._folder / script), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if missing := [path.name.removeprefix("lacks-") for path in self.state.glob("lacks-*")]:
            pytest.skip(available.reason(missing))
        return Outcome(done.returncode, done.stdout, done.stderr)

    def calls(self, program: str) -> list[str]:
        """Arguments of each call of a stand-in, in order."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        return [line.removeprefix(f"{program} ") for line in lines if line.startswith(f"{program} ")]
