"""A node's whole output: user-data, network configuration and bundle."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hacienda import services
from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import bundle, facts, files, networkconfig, programs, secrecy, userdata
from hacienda.cloudinit.output import NodeOutput
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import DeclarationError, Service


def render(cloud: Cloud, node: Node, deployer_key: str, templates: Path = services.TEMPLATES) -> NodeOutput:
    """Everything that one node needs. A pure function of its arguments and the files of the templates' folder.

    Args:
        deployer_key: the deployer's public key, as one line of authorized_keys; empty if the store is not open.
        templates: a folder for each service, with its templates and scripts.

    Raises:
        InputError: the user-data is larger than the platform accepts.
        DeclarationError: a programming error: declarations contradict each other, or a template is wrong.
    """
    own = cloud.running(node)
    rendered = _files(cloud, node, own, templates)
    manifest = bundle.manifest(
        head={"environment": cloud.name, "node": node.name},
        packages=(package for service in own for package in service.packages),
        services=(_entry(cloud, node, service) for service in own),
        assumptions=(each.to_json(service.name) for service in own for each in service.assumptions),
        files=rendered,
    )
    packed = bundle.archive(
        bundle.manifest_text(manifest, rendered), rendered
    )  # only for its hash; the output builds its own
    return NodeOutput(
        node=node.name,
        user_data=userdata.user_data(cloud, node, deployer_key),
        network_config=networkconfig.network_config(cloud, node),
        files=rendered,
        manifest=manifest,
        bundle_hash=bundle.digest(packed),
        actions={file.path: f"{file.service}:{file.on_change}" for file in rendered if file.on_change != "none"},
        secret_names=secrecy.secret_names(cloud, node, rendered),
    )


def _files(cloud: Cloud, node: Node, own: Iterable[Service], templates: Path) -> tuple[RenderedFile, ...]:
    found: dict[str, RenderedFile] = {}
    shared = (*programs.programs(), *programs.units(cloud, node), facts.node_file(cloud, node))
    declared = (file for service in own for file in files.service_files(cloud, node, service, templates))
    for file in (*shared, *declared):
        other = found.setdefault(file.path, file)
        if other is not file:
            raise DeclarationError(f"{file.path}: declared by {other.service} and by {file.service}")
    return tuple(_shared(found[path]) for path in sorted(found))


@functools.lru_cache(maxsize=4096)
def _shared(file: RenderedFile) -> RenderedFile:
    """The first of equal files. Many nodes have the same files, and values derived from a file are kept with it. The cache holds
    the files of a few nodes of every role; it drops files of a single node again."""
    return file


def _entry(cloud: Cloud, node: Node, service: Service) -> dict[str, Any]:
    """Facts about a service in the manifest, besides its files."""
    return {
        "name": service.name,
        "units": list(service.units),
        "after": list(programs.waits_for(cloud, node, service)),
        "rolling": facts.is_rolling(service) or service.name in cloud.shares(node),
        "voters": service.voters,
        "inputs": list(secrecy.reconciled(cloud, service)),
    }
