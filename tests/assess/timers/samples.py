"""The lab's rendered files, changed."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hacienda import cloud, services
from hacienda.assess.timers import Budget, Failure, budget
from hacienda.cloudinit import files
from hacienda.cloudinit.rendered import RenderedFile
from tests.shipped import ROOT

HAPROXY = "/etc/haproxy/haproxy.cfg"
KEEPALIVED = "/etc/keepalived/keepalived.conf"
KEYSTONE = "/etc/keystone/keystone.conf"
GALERA = "/etc/mysql/mariadb.conf.d/90-hacienda.cnf"
RABBITMQ = "/etc/rabbitmq/rabbitmq.conf"


@functools.cache
def lab() -> cloud.Cloud:
    """environments/lab.yaml."""
    return cloud.read(ROOT / "environments/lab.yaml", services.registry())


@functools.cache
def rendered() -> Mapping[str, Sequence[RenderedFile]]:
    """Every service's files on every node of the lab."""
    found = lab()
    return {
        node.name: tuple(
            file for service in found.services for file in files.service_files(found, node, service, services.TEMPLATES)
        )
        for node in found.nodes
    }


def changed(path: str, *pieces: tuple[str, str]) -> Mapping[str, Sequence[RenderedFile]]:
    """The lab's files with pieces of one of them replaced on every node."""

    def change(file: RenderedFile) -> RenderedFile:
        text = file.text
        for old, new in pieces if file.path == path else ():
            assert old in text, f"{path} has no {old!r}"
            text = text.replace(old, new)
        return replace(file, text=text)

    return {node: tuple(change(file) for file in listed) for node, listed in rendered().items()}


def of(path: str, *pieces: tuple[str, str]) -> Budget:
    """The budget of the lab with a changed file."""
    return budget(lab(), changed(path, *pieces))


def failure(found: Budget, name: str) -> Failure:
    """A failure by name."""
    (one,) = (line.failure for line in found.lines if line.failure.name == name)
    return one
