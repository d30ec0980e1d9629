"""The programs that every node runs, and their systemd units. Each bundle has them as ordinary files."""

from __future__ import annotations

import functools
from pathlib import Path

from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import templating
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import Service
from hacienda.declare.files import SCRIPTS

LIB = SCRIPTS
UNITS = "/etc/systemd/system"
PACKAGE = "hacienda/cloudinit/node"
"""Folder of the node's Python modules, beside its programs. They keep the names that they have here."""

_SOURCE = Path(__file__).parent / "node"
_BASH = {
    "lib.sh": "lib.sh",
    "converge.sh": "hacienda-converge",
    "cluster.sh": "hacienda-cluster",
    "retire.sh": "hacienda-retire",
}
_PYTHON = ("apply", "verify", "leave", "diagnose", "assumptions")
_TYPED = ("diagnose", "leave", "verify")
"""Programs that messages ask an operator to run; they are on root's PATH too."""

_LAUNCHER = """\
#!/usr/bin/python3 -BSE
import sys
{path}
from hacienda.cloudinit.node.{module} import main

sys.exit(main())
"""


@functools.cache
def launcher(module: str, package: str = "") -> str:
    """A program that runs `main` of a module.

    Args:
        module: module of the node's package.
        package: folder of the package; empty: the program's own folder.
    """
    return _LAUNCHER.format(module=module, path=f'\nsys.path[0] = "{package}"\n' if package else "")


@functools.cache
def modules() -> dict[str, str]:
    """The node's Python modules, path beside the programs -> text.

    The parent packages are shipped as empty regular packages, so that Python never imports another `hacienda` of the machine.
    """
    parents = {f"{parent}/__init__.py": "" for parent in ("hacienda", "hacienda/cloudinit")}
    return parents | {f"{PACKAGE}/{path.name}": templating.static(path) for path in sorted(_SOURCE.glob("*.py"))}


@functools.cache
def programs() -> tuple[RenderedFile, ...]:
    """Programs and library, the same on every node."""
    python = [_file(f"{LIB}/hacienda-{name}", launcher(name), "python", 0o755) for name in _PYTHON]
    package = [_file(f"{LIB}/{name}", text, "python", 0o644) for name, text in modules().items()]
    bash = [
        _file(f"{LIB}/{name}", templating.static(_SOURCE / source), "shellcheck", 0o644 if name == "lib.sh" else 0o755)
        for source, name in _BASH.items()
    ]
    typed = [_file(f"/usr/sbin/hacienda-{name}", launcher(name, LIB), "python", 0o755) for name in _TYPED]
    return (*python, *package, *bash, *typed)


@functools.cache
def installer() -> dict[str, str]:
    """Files in a bundle's `bin/` from which hacienda-apply runs: name -> sha256 of the content."""
    wanted = {f"{LIB}/hacienda-apply", *(f"{LIB}/{name}" for name in modules())}
    return {f"bin{file.path.removeprefix(LIB)}": file.sha256 for file in programs() if file.path in wanted}


def units(cloud: Cloud, node: Node) -> tuple[RenderedFile, ...]:
    """`hacienda.target`, and a oneshot for each service of the node."""
    services = cloud.running(node)
    names = " ".join(unit(service.name) for service in services)
    return (_target(names), *(_oneshot(s.name, s.title, waits_for(cloud, node, s)) for s in services))


def unit(service: str) -> str:
    """Name of a service's oneshot."""
    return f"hacienda-{service}.service"


def waits_for(cloud: Cloud, node: Node, service: Service) -> tuple[str, ...]:
    """Services of the same node that start before this one.

    The coordination service is left out. Its unit waits for a quorum, and a service with data must start without one. Scripts that
    need a claim wait for it themselves.
    """
    before = cloud.registry.before(service.name)
    return tuple(
        name for name in before if name in node.services and "coordination" not in cloud.registry[name].provides
    )


@functools.cache
def _target(names: str) -> RenderedFile:
    text = templating.render(templating.OWN_TEMPLATES, "hacienda.target.j2", units=names)
    return _file(f"{UNITS}/hacienda.target", text, "systemd-analyze", 0o644)


@functools.cache
def _oneshot(service: str, title: str, after: tuple[str, ...]) -> RenderedFile:
    text = templating.render(
        templating.OWN_TEMPLATES,
        "oneshot.service.j2",
        service=service,
        title=title,
        after=[unit(name) for name in after],
    )
    return _file(f"{UNITS}/{unit(service)}", text, "systemd-analyze", 0o644)


def _file(path: str, text: str, checker: str, mode: int) -> RenderedFile:
    return RenderedFile(path, text, checker, service="hacienda", mode=mode)
