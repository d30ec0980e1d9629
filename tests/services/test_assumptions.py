"""Whatever a file or script names is the project's own, the kernel's, or declared as an assumption beside the service."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hacienda import cloudinit, services
from hacienda.cloud import Cloud
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import Assumption, Service
from tests.services import composed

KERNEL = ("/dev", "/proc", "/sys")
OWN = (
    "/usr/lib/hacienda",
    "/var/lib/hacienda",
    "/etc/hacienda",
    "/run/hacienda",
    "/etc/systemd/system",
    "/run/credentials",
)
MADE = {
    # What scripts make themselves, or files of daemons in folders that are declared or made by systemd for a unit.
    "/etc/keepalived/interfaces.conf": "prepare.sh",
    "/etc/keepalived/interface[s].conf": "the same, as a pattern that may match nothing",
    "/etc/nova-compute/qemu": "prepare.sh",
    "/etc/pki/CA": "prepare.sh",
    "/etc/pki/libvirt": "prepare.sh",
    "/etc/pki/libvirt-vnc": "prepare.sh",
    "/etc/rabbitmq/conf.d": "name_peers",
    "/etc/rabbitmq/conf.d/90-peers.conf": "name_peers",
    "/nonexistent": "the home of a user without one",
    "/run/haproxy.pid": "haproxy.service",
    "/run/netns": "systemd, for neutron-metadata.service alone",
    "/run/haproxy-master.sock": "haproxy.service",
}
"""Paths that are neither rendered nor declared, and who makes them."""

SEARCHED = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
"""Where programs are looked for."""

PATH = re.compile(
    r"(?<![\w./$}\])*%~@-])/(?:bin|dev|etc|home|lib|nonexistent|opt|proc|root|run|sbin|srv|sys|usr|var)(?:/[\w.@+*\[\]-]+)*"
)
UNIT = re.compile(r"(?<![\w./$}@-])[a-z][\w@-]*\.(?:service|socket|target|timer|mount|path)\b")
USER = re.compile(
    r"^\s*User=([\w-]+)|runuser -u ([\w-]+)|--reuid=([\w-]+)|install .*?-o ([\w-]+)|chown ([\w-]+)"
    r"|^\s*user ([\w-]+)$|^-u ([\w-]+)$",
    re.MULTILINE,
)
GROUP = re.compile(
    r"^\s*Group=([\w-]+)|--regid=([\w-]+)|install .*?-g ([\w-]+)|chown [\w-]+:([\w-]+)|^\s*group ([\w-]+)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Named:
    """Something that a file names."""

    kind: str
    name: str
    file: str


def said(file: RenderedFile) -> str:
    """A file's text without comments and documentation; of a Python program the strings that it says something with."""
    text = file.text
    if file.path.endswith(".py") or text.startswith("#!/usr/bin/python3"):
        tree = ast.parse(text)
        plain = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
        first = text.partition("\n")[0] if text.startswith("#!") else ""
        return "\n".join((first, *(str(node.value) for node in strings if id(node) not in plain)))
    lines = (line for line in text.splitlines() if line.startswith("#!") or not re.match(r"\s*(#|%%|;)", line))
    return "\n".join(lines)


def named(files: list[RenderedFile]) -> Iterator[Named]:
    for file in files:
        text = said(file)
        for kind, pattern in (("path", PATH), ("unit", UNIT), ("user", USER), ("group", GROUP)):
            for match in pattern.finditer(text):
                name = match[0] if kind in ("path", "unit") else next(group for group in match.groups() if group)
                yield Named(kind, name.rstrip("."), file.path)
        yield Named("user", file.owner, file.path)
        yield Named("group", file.group, file.path)


def below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def undeclared(cloud: Cloud, without: Assumption | None = None) -> set[Named]:
    """What files of a cloud's nodes name and nobody answers for.

    Args:
        without: leave this assumption out.
    """
    files = list(dict.fromkeys(file for node in cloud.nodes for file in cloudinit.render(cloud, node, "").files))
    assumed = [each for service in cloud.services for each in service.all_assumptions() if each != without]
    texts = {file.path: said(file) for file in files if file.path.startswith("/etc/systemd/system/")}
    folders = {
        f"/{place}/{name}"
        for text in texts.values()
        for setting, place in (("Runtime", "run"), ("State", "var/lib"), ("Logs", "var/log"), ("Configuration", "etc"))
        for line in re.findall(rf"^{setting}Directory=(.+)$", text, re.MULTILINE)
        for name in line.split()
    }
    rendered = {file.path for file in files}
    parents = {str(parent) for path in rendered for parent in Path(path).parents}
    declared = {each.subject for each in assumed}
    inside = {each.subject for each in assumed if each.kind == "folder"} | folders
    made = {"root", *re.findall(r"^u (\S+)", "\n".join(file.text for file in files), re.MULTILINE)}
    made |= set(re.findall(r"^User=(\S+)\nDynamicUser=yes", "\n".join(texts.values()), re.MULTILINE))
    users = made | {each.subject for each in assumed if each.kind == "user"}
    groups = made | {each.subject for each in assumed if each.kind == "group"}
    units = {Path(path).name for path in texts} | {each.subject for each in assumed if each.kind == "unit"}

    def answered(one: Named) -> bool:
        if one.kind == "unit":
            return one.name in units or one.name.startswith("hacienda-")
        if one.kind in ("user", "group"):
            return one.name in (users if one.kind == "user" else groups)
        return (
            one.name in rendered | parents | declared | SEARCHED | MADE.keys()
            or any(below(one.name, folder) for folder in (*KERNEL, *OWN, *inside))
            or any(one.name.startswith(f"{folder}/") for folder in inside)
        )

    return {one for one in named(files) if not answered(one)}


CLOUDS = {
    "containers": composed.LAB + composed.CHOSEN,
    "machines": composed.LAB.replace("incus", "existing") + composed.CHOSEN,
    "arbiter": composed.TWO_NODE,
}


@pytest.mark.parametrize("name", CLOUDS)
def test_what_files_name_is_ours_or_declared(name: str, tmp_path: Path) -> None:
    assert undeclared(composed.cloud(tmp_path, CLOUDS[name])) == set()


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("program", "/usr/sbin/mariadbd"),
        ("unit", "ssh.service"),
        ("user", "mysql"),
        ("group", "mysql"),
        ("folder", "/var/lib/mysql"),
    ],
)
def test_an_undeclared_one_is_found(kind: str, subject: str, tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path)
    every = [each for service in cloud.services for each in service.all_assumptions()]
    without = next(each for each in every if (each.kind, each.subject) == (kind, subject))
    found = {one.name for one in undeclared(cloud, without)}
    assert [name for name in found if below(name, subject)]


@pytest.mark.parametrize("service", list(services.registry()), ids=lambda service: str(service.name))
def test_each_assumption_says_who_needs_it_and_is_of_a_package_of_its_service(service: Service) -> None:
    for each in service.all_assumptions():
        assert each.reason, each
        assert bool(each.expected) == (each.kind in ("line", "answer")), each
        if each.expected:
            re.compile(each.expected)
        if each.kind in ("program", "file", "folder", "line"):
            assert each.subject.startswith("/"), each


def test_nothing_of_a_packages_unit_is_used(tmp_path: Path) -> None:
    """A drop-in would depend on what the package's unit says beside it."""
    for text in CLOUDS.values():
        cloud = composed.cloud(tmp_path, text)
        for node in cloud.nodes:
            paths = [file.path for file in cloudinit.render(cloud, node, "").files]
            assert not [path for path in paths if re.search(r"\.(service|socket|target)\.d/", path)]
            started = {unit for service in cloud.running(node) for unit in service.units}
            assert {f"/etc/systemd/system/{unit}" for unit in started} <= set(paths)
