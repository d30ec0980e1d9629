"""The rendering of one revision of an environment. A diff compares two of them."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hacienda.cloudinit import NodeOutput
from hacienda.declare.effect import attributes, effect
from hacienda.declare.trust import Fact
from hacienda.errors import ToolError

VERSION = 1
"""Version of the bundle's manifest that this module reads (`hacienda.cloudinit.bundle.VERSION`)."""

_ADDRESS = re.compile(r'"([0-9a-f.:]+)/\d+"')
"""An address with its prefix length, as network-config writes the machine's addresses."""


@dataclass(frozen=True)
class File:
    """One file of a node: its entry in the bundle's manifest.

    Args:
        sha256: hex digest of the text, with placeholders for secrets.
        kind: `file`, `secret` or `directory`.
        service: service that owns the file.
        on_change: what running daemons do after a change.
        attributes: pairs from `hacienda.declare.effect.attributes`; a tuple, so that files can be keys.
    """

    sha256: str
    kind: str
    service: str
    on_change: str
    attributes: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> File:
        """The file of a manifest's entry."""
        return cls(entry["sha256"], entry["kind"], entry["service"], entry["on_change"], attributes(entry))

    @property
    def short(self) -> str:
        """The hash as Terraform's plan shows it: the first 16 digits."""
        return self.sha256[:16]

    @property
    def effect(self) -> str:
        """What a change of the file causes, `restart SERVICE`; empty: nothing."""
        return effect(self.on_change, self.service)


@dataclass(frozen=True)
class RenderedNode:
    """Everything that one node receives.

    Args:
        name: name of the node.
        files: path -> file.
        user_data, network_config: what cloud-init reads on the first boot.
        packages: Debian packages of the node.
        services: services in start order -> whether they restart on one node at a time.
    """

    name: str
    files: Mapping[str, File]
    user_data: str
    network_config: str
    packages: tuple[str, ...]
    services: Mapping[str, bool]

    @classmethod
    def parse(
        cls, manifest: Mapping[str, Any], files: Mapping[str, File], user_data: str, network_config: str
    ) -> RenderedNode:
        """The node of a bundle's manifest and of the files beside the bundle."""
        return cls(
            name=str(manifest["node"]),
            files=files,
            user_data=user_data,
            network_config=network_config,
            packages=tuple(manifest["packages"]),
            services={service["name"]: bool(service["rolling"]) for service in manifest["services"]},
        )

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """What only this machine has: its name, then its addresses in the order of its networks."""
        return (self.name, *dict.fromkeys(_ADDRESS.findall(self.network_config)))

    def first_boot(self, name: str) -> str:
        """The text of `user-data` or `network-config`."""
        return {"user-data": self.user_data, "network-config": self.network_config}[name]


@dataclass(frozen=True)
class Rendering:
    """An environment as one revision renders it.

    Args:
        machines: machines by name, in the cloud's order.
        text: returns the text of a file, from node and path; called for files of kind `file` only.
        resources: what the environment declares beside files; None: unknown.
        trust: settings of trust, with the content of the files that they name; None: unknown.
    """

    machines: Mapping[str, RenderedNode]
    text: Callable[[str, str], str]
    resources: Mapping[str, Mapping[str, Any]] | None = None
    trust: Mapping[str, Fact] | None = None


def of_outputs(
    outputs: Iterable[NodeOutput],
    resources: Mapping[str, Mapping[str, Any]] | None = None,
    trust: Mapping[str, Fact] | None = None,
) -> Rendering:
    """The rendering of this process. It keeps no bundles; `outputs` may be a generator."""
    texts: dict[str, str] = {}
    machines: dict[str, RenderedNode] = {}
    parsed: dict[str, File] = {}
    for output in outputs:
        texts.update((file.sha256, file.text) for file in output.files)
        files = {file.path: _kept(parsed, file.manifest_line, file.manifest_entry) for file in output.files}
        machines[output.node] = RenderedNode.parse(output.manifest, files, output.user_data, output.network_config)
    return Rendering(machines, lambda node, path: texts[machines[node].files[path].sha256], resources, trust)


def of_folder(out: Path) -> Rendering:
    """The rendering that a synthesis of one environment wrote.

    `nodes/<environment>/` holds the bundles, `rendered/<environment>/` the texts. Revisions exchange the bundles' manifests: every
    revision writes them, and they have a version.

    Args:
        out: the output folder; it must exist as long as `Rendering.text` is called.

    Raises:
        ToolError: the folder does not hold what `hacienda synth` of a known version writes.
    """
    machines = {}
    parsed: dict[str, File] = {}
    try:
        (nodes,) = (out / "nodes").iterdir()
        for folder in sorted(nodes.iterdir(), key=lambda path: natural(path.name)):
            manifest = _manifest(folder / "bundle.tar.gz")
            files = {entry["path"]: _kept(parsed, json.dumps(entry), entry) for entry in manifest["files"]}
            texts = [(folder / name).read_text(encoding="utf-8") for name in ("user-data", "network-config")]
            machines[folder.name] = RenderedNode.parse(manifest, files, *texts)
    except (OSError, ValueError, KeyError, TypeError, tarfile.TarError) as error:
        raise ToolError(f"{out}: the base's rendering cannot be read: {type(error).__name__}: {error}") from error
    rendered = out / "rendered" / nodes.name
    return Rendering(machines, lambda node, path: (rendered / node / path.lstrip("/")).read_text(encoding="utf-8"))


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts ctl-2 before ctl-10."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name))


def _manifest(bundle: Path) -> dict[str, Any]:
    # Read as a stream: the manifest is the first member, and there may be a thousand bundles.
    with tarfile.open(bundle, "r|gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name == "manifest.json" else None
            if file is not None:
                found: dict[str, Any] = json.load(file)
                if found["version"] != VERSION:
                    raise ValueError(
                        f"its bundles have version {found['version']}; this Hacienda reads version {VERSION}"
                    )
                return found
    raise ValueError(f"{bundle.name} has no manifest")


def _kept(parsed: dict[str, File], line: str, entry: Mapping[str, Any]) -> File:
    """The file of an entry. Many nodes share most files, so each distinct one is parsed once."""
    found = parsed.get(line)
    if found is None:
        found = parsed[line] = File.parse(entry)
    return found
