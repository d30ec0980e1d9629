"""The files to check: every distinct file of every node, with the nodes that have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hacienda.cloudinit import NodeOutput, RenderedFile

USER_DATA = "user-data"
NETWORK_CONFIG = "network-config"


@dataclass(frozen=True)
class Subject:
    """One text that one or more nodes have at the same path.

    Args:
        file: the file of the first node.
        nodes: `<environment>/<node>` of each node, in the order of rendering.
    """

    file: RenderedFile
    nodes: tuple[str, ...]

    @property
    def where(self) -> str:
        """Nodes for people: the first one, and the number of others."""
        more = len(self.nodes) - 1
        return f"{self.nodes[0]} and {more} more" if more else self.nodes[0]


@dataclass(frozen=True)
class Collection:
    """All files to check.

    Args:
        subjects: each distinct file once, sorted by checker and path.
        trees: node -> all its files; only nodes that are the first of a subject.
        packages: Debian packages of the nodes, sorted.
        total: number of files on all nodes together.
    """

    subjects: tuple[Subject, ...]
    trees: Mapping[str, tuple[RenderedFile, ...]]
    packages: tuple[str, ...]
    total: int


def collect(outputs: Iterable[NodeOutput]) -> Collection:
    """The distinct files of nodes. `outputs` may be a generator over several environments.

    Two files are the same if checker, path and text are equal. A program may read a file's neighbours too, but its complaints
    about a neighbour appear when that neighbour is checked.
    """
    files: dict[tuple[str, str, str], RenderedFile] = {}
    nodes: dict[tuple[str, str, str], list[str]] = {}
    trees: dict[str, tuple[RenderedFile, ...]] = {}
    packages: set[str] = set()
    total = 0
    for output in outputs:
        node = f"{output.manifest['environment']}/{output.node}"
        packages.update(output.manifest["packages"])
        for file in (*output.files, *_boot_files(output)):
            if file.kind == "directory":
                continue
            total += 1
            key = (file.checker, file.path, file.sha256)
            if key not in files:
                files[key] = file
                trees[node] = output.files
            nodes.setdefault(key, []).append(node)
    subjects = tuple(Subject(files[key], tuple(nodes[key])) for key in sorted(files))
    return Collection(subjects, trees, tuple(sorted(packages)), total)


def _boot_files(output: NodeOutput) -> tuple[RenderedFile, ...]:
    """What the platform passes to cloud-init, as files."""
    return (
        RenderedFile(USER_DATA, output.user_data, checker="user-data", service="hacienda"),
        RenderedFile(NETWORK_CONFIG, output.network_config, checker="network-config", service="hacienda"),
    )
