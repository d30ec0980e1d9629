"""What pip installs is all there is: the package is used from a checkout here, where nothing can be missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

_LISTED = """
import json
from setuptools.dist import Distribution

found = Distribution({"script_name": "setup.py"})
found.parse_config_files()
found.include_package_data = False  # what an earlier build listed
command = found.get_command_obj("build_py")
command.ensure_finalized()
prefix = command.build_lib + "/"
print(json.dumps(sorted({path.removeprefix(prefix) for path in command.get_outputs(include_bytecode=False)})))
"""


def test_every_file_of_the_package_is_installed() -> None:
    done = subprocess.run([sys.executable, "-c", _LISTED], cwd=ROOT, capture_output=True, text=True, check=True)
    installed = set(json.loads(done.stdout.splitlines()[-1]))
    listed = subprocess.run(["git", "ls-files", "-z", "hacienda"], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = {path for path in listed.stdout.split("\0") if path and (ROOT / path).exists()}
    assert tracked - installed == set()
    assert not [path for path in installed if "__pycache__" in path]
