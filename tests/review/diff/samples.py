"""Renderings of a few small machines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hacienda.review.diff import File, RenderedNode, Rendering

ROLLING = {"etcd": True, "haproxy": False, "galera": True}


def file(
    text: str, service: str = "haproxy", on_change: str = "reload", kind: str = "file", mode: str = "0644"
) -> File:
    attributes = (("owner", "root"), ("group", "root"), ("mode", mode), ("secrets", ""))
    return File(hashlib.sha256(text.encode()).hexdigest(), kind, service, on_change, attributes)


@dataclass
class Sample:
    """A machine with files; tests change it.

    Args:
        texts: path -> text.
        files: path -> what the manifest says, where it is not that of a file of HAProxy.
    """

    name: str
    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    address: str = "10.0.0.1"
    user_data: str = "#cloud-config\n"
    packages: tuple[str, ...] = ("haproxy",)
    services: Mapping[str, bool] = field(default_factory=lambda: dict(ROLLING))

    @property
    def machine(self) -> RenderedNode:
        files = {path: file(text) for path, text in self.texts.items()} | self.files
        network = f'addresses: ["{self.address}/24"]\n'
        return RenderedNode(self.name, files, self.user_data, network, self.packages, self.services)


def rendering(samples: Iterable[Sample]) -> Rendering:
    texts = {(sample.name, path): text for sample in samples for path, text in sample.texts.items()}
    machines = {sample.name: sample.machine for sample in samples}
    return Rendering(machines, lambda node, path: texts[node, path], resources={})
