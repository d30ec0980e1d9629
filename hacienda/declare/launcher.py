"""How Terraform finds Hacienda's provider beside a stack: the launcher, the lock file and their paths. No registry is involved.

Terraform looks for a stack's own providers in `terraform.d/plugins` of the folder that it is started in. The lock file holds the
launcher's hash, so Terraform asks no registry for it. Another file in the launcher's folder would change the hash.
"""

from __future__ import annotations

import base64
import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

SOURCE = "hacienda.local/hacienda/hacienda"
"""Provider source address. No such registry exists, on purpose."""

VERSION = "0.1.0"
"""Version of the launcher's text, which Terraform takes for the provider's version. It changes only when that text changes, not
with the version of the package: committed lock files name this version and the text's hash."""

PROGRAM = f"terraform-provider-hacienda_v{VERSION}"

INTERPRETER = PurePosixPath("terraform.d/python")
"""File with the path of the Python that synthesized the stack."""

LAUNCHER = """\
#!/bin/sh
# Starts the Terraform provider "hacienda" in a Python that has the package hacienda: HACIENDA_PYTHON, else the one that
# synthesized this stack, else that of a .venv in a folder above, else python3. -P keeps the stack's folder off sys.path.
python=${HACIENDA_PYTHON:-}
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
while [ -z "$python" ] && [ "$folder" != / ]; do
  if [ -r "$folder/terraform.d/python" ]; then
    read -r python <"$folder/terraform.d/python" || true
    [ -x "$python" ] || python=
  fi
  if [ -z "$python" ] && [ -x "$folder/.venv/bin/python" ]; then python=$folder/.venv/bin/python; fi
  folder=$(dirname -- "$folder")
done
exec "${python:-python3}" -P -m hacienda.provider "$@"
"""

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "FreeBSD": "freebsd"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "arm", "i686": "386"}


@dataclass(frozen=True)
class File:
    """A file beside a stack: its text and permissions."""

    text: str
    mode: int


def running_platform() -> str:
    """Terraform's name of this machine's platform, for example `linux_amd64`. An unknown system or machine keeps its own name."""
    system, machine = platform.system(), platform.machine()
    return f"{_SYSTEMS.get(system, system.lower())}_{_MACHINES.get(machine, machine.lower())}"


def files(interpreter: str, target: str) -> Mapping[PurePosixPath, File]:
    """Files to write into a stack's folder, by relative path.

    Args:
        interpreter: path of the Python to prefer, which has the package: `sys.executable` at synthesis.
        target: platform name, see `running_platform`.
    """
    folder = PurePosixPath("terraform.d/plugins") / SOURCE / VERSION / target
    return {
        folder / PROGRAM: File(LAUNCHER, 0o755),
        INTERPRETER: File(f"{interpreter}\n", 0o644),
        PurePosixPath(".terraform.lock.hcl"): File(lock_entry(), 0o644),
    }


def lock_entry() -> str:
    """The provider's entry in `.terraform.lock.hcl`. A stack with other providers needs their entries too."""
    return (
        f'provider "{SOURCE}" {{\n  version     = "{VERSION}"\n  constraints = "{VERSION}"\n'
        f'  hashes = [\n    "{_hash()}",\n  ]\n}}\n'
    )


def _hash() -> str:
    """Terraform's `h1:` hash of a folder that holds only the launcher: SHA-256 over `<sha256>  <name>` lines (Go's dirhash)."""
    line = f"{hashlib.sha256(LAUNCHER.encode()).hexdigest()}  {PROGRAM}\n"
    return "h1:" + base64.b64encode(hashlib.sha256(line.encode()).digest()).decode()
