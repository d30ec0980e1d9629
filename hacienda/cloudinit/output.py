"""Everything that one node needs, as one value. It takes little memory, because thousands of them exist at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hacienda.cloudinit import bundle
from hacienda.cloudinit.rendered import RenderedFile


@dataclass(frozen=True)
class NodeOutput:
    """Everything that one node gets.

    Args:
        node: its name.
        user_data: cloud-config that makes it a machine; no secret, no cluster configuration.
        network_config: cloud-init's network configuration, version 2.
        files: every file of the bundle, sorted by path.
        manifest: content of the bundle's manifest.json.
        bundle_hash: sha256 of the bundle, hex.
        actions: path -> `service:action` for files whose change restarts or reloads something.
        secret_names: names of the secrets that the node gets, sorted.
    """

    node: str
    user_data: str
    network_config: str
    files: tuple[RenderedFile, ...] = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)
    bundle_hash: str
    actions: Mapping[str, str] = field(repr=False)
    secret_names: tuple[str, ...]

    @property
    def file_hashes(self) -> dict[str, str]:
        """Path -> first 16 hex digits of the text's sha256, which plans compare."""
        return {file.path: file.sha256[:16] for file in self.files}

    @property
    def bundle(self) -> bytes:
        """bundle.tar.gz, reproducible to the byte. It is built at each access, because thousands of bundles at once would fill the
        memory."""
        return bundle.archive(bundle.manifest_text(self.manifest, self.files), self.files)
