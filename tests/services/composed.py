"""Clouds of the real services, and what is rendered for their nodes."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType

from hacienda import services
from hacienda.cloud import Cloud, resolve
from hacienda.cloudinit import files
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.environment import load

ROOT = Path(__file__).parents[2]
LAB = """
name: lab
platform: incus
networks:
  management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
machines:
  controller: 3
"""


TWO_NODE = LAB.replace("controller: 3", "controller: 2\n  arbiter: 1")

_REQUESTED = [one for one in services.registry() if one.choice == "on request"]
_ROLES = sorted({role for one in _REQUESTED for role in one.roles} - {"controller"})
CHOSEN = "".join(
    (
        *(f"  {role}: 1\n" for role in _ROLES),
        *(("services:\n",) if _REQUESTED else ()),
        *(f"  {one.name}: true\n" for one in _REQUESTED),
    )
)
"""Every service that a cloud has on request, and a machine of each role that runs one. It follows the machines of LAB."""


def cloud(folder: Path, text: str = LAB + CHOSEN) -> Cloud:
    """The cloud of an environment file with this text."""
    path = folder / "environment.yaml"
    path.write_text(dedent(text))
    registry = services.registry()
    return resolve(load(path, registry), registry)


def rendered(composed: Cloud, service: str, node: str = "ctl-1") -> dict[str, RenderedFile]:
    """A service's files on a node, by path."""
    machine = composed.node(node)
    made = files.service_files(composed, machine, composed.registry[service].on(machine.role), services.TEMPLATES)
    return {file.path: file for file in made}


def fact(composed: Cloud, service: str, key: str, node: str = "ctl-1") -> str:
    """What a service's scripts read under that name, as the shell sees it."""
    text = rendered(composed, service, node)[f"/etc/hacienda/services/{service}.env"].text
    shown = subprocess.run(["bash", "-c", f'{text}\nprintf %s "${key}"'], check=True, capture_output=True, text=True)
    return shown.stdout


def program(service: str, name: str) -> ModuleType:
    """A Python program that a service ships to its nodes, imported by path."""
    path = services.TEMPLATES / service / name
    spec = importlib.util.spec_from_file_location(f"shipped_{service}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up there.
    sys.modules[spec.name] = module
    # On a node, what services share lies beside the service's own.
    beside = [str(path.parent), str(services.TEMPLATES / "openstack")]
    sys.path[:0] = beside
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.path[: len(beside)]
    return module


def sources(service: str) -> list[Path]:
    """Files of a service's folder. Python leaves its own there when a test imports one of them."""
    return [path for path in (services.TEMPLATES / service).rglob("*") if path.is_file() and path.suffix != ".pyc"]


def settings(text: str) -> dict[str, str]:
    """`key = value` lines of a configuration file."""
    return dict(re.findall(r"^([\w.]+)\s*=\s*(.*)$", text, flags=re.MULTILINE))
