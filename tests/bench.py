"""`make bench`: how long synthesis takes, and how much of that any program would need to write and hash the same bytes.

Each size is synthesized in a process of its own, into a new folder, with a store whose secrets are minted already. The base line
writes every file of the output anew, with the same folders and the same hard links, and hashes it with SHA-256. Synthesis may
take 4 times that beyond what the lab's takes. The load average is the machine's before each size: figures of a machine that
others use, too, are no figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SIZES = (10, 100, 1000, 5000)
"""Machines beside the three controllers."""

ENVIRONMENT = """\
name: bench
platform: existing
networks:
  management: {{cidr: 10.128.0.0/16, vip: 10.128.0.5}}
  storage: {{cidr: 10.129.0.0/16, mtu: 9000, vlan: 30}}
machines:
  controller: 3
  compute: {computes}
"""


@dataclass(frozen=True)
class Figures:
    """What one synthesis took.

    Args:
        wall: seconds.
        python, node: peak resident memory of the two processes, MiB.
        files: number of files.
        size: bytes of all files, hard links counted once.
        base: seconds to write and hash the same bytes.
        load: the machine's load average of the last minute, before.
    """

    wall: float
    python: int
    node: int
    files: int
    size: int
    base: float
    load: float


def peak(pid: int) -> int:
    """Peak resident memory of a process, MiB."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) // 1024 if match else 0


def mint(root: Path) -> None:
    """In a child process: make the secrets of the environment."""
    from hacienda import cloudinit, secrets, services
    from hacienda.cloud import read

    cloud = read(root / "bench.yaml", services.registry())
    store = secrets.open_store(cloudinit.store_spec(cloud, root))
    secrets.mint(store, cloudinit.needs(cloud))


def synthesize(root: Path) -> None:
    """In a child process: synthesize, and print what it took."""
    start = time.perf_counter()
    from hacienda import assess, cloud, services, stacks  # the import belongs to the time

    clouds = cloud.read_all([root / "bench.yaml"], services.registry(), rules=assess.rules())
    stacks.synthesize(clouds, root / "out", root=root)
    wall = time.perf_counter() - start
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    node = max((peak(int(child)) for child in children), default=0)
    sys.stdout.write(json.dumps({"wall": wall, "python": peak(os.getpid()), "node": node}))


def base_line(out: Path, copy: Path) -> tuple[float, int, int]:
    """Seconds to write and hash what is in a folder, its files, and its bytes. Reading is not counted."""
    seconds, size, files = 0.0, 0, 0
    first: dict[int, Path] = {}
    for folder, _, names in os.walk(out):
        target = copy / Path(folder).relative_to(out)
        start = time.perf_counter()
        target.mkdir()
        seconds += time.perf_counter() - start
        for name in names:
            source, path = Path(folder) / name, target / name
            inode, content = source.stat().st_ino, source.read_bytes()
            start = time.perf_counter()
            if inode in first:
                os.link(first[inode], path)
            else:
                path.write_bytes(content)
                hashlib.sha256(content).hexdigest()
                first[inode] = path
                size += len(content)
            seconds += time.perf_counter() - start
            files += 1
    return seconds, files, size


def measure(computes: int, root: Path) -> Figures:
    """Synthesize three controllers and so many computes in a folder."""
    load = os.getloadavg()[0]
    (root / "bench.yaml").write_text(ENVIRONMENT.format(computes=computes))
    child = [sys.executable, "-m", "tests.bench", "--child"]
    subprocess.run([*child, "mint", str(root)], check=True)
    done = subprocess.run([*child, "synthesize", str(root)], check=True, stdout=subprocess.PIPE, text=True)
    seconds, files, size = base_line(root / "out", root / "copy")
    return Figures(**json.loads(done.stdout), files=files, size=size, base=seconds, load=load)


def table(sizes: Iterable[int]) -> None:
    """Measure and print, line by line; each line before its folder is removed, which takes a while for half a million files."""
    line = "{:>9}  {:>7}  {:>8}  {:>8}  {:>7}  {:>8}  {:>10}  {:>5}  {:>4}\n"
    heads = ("computes", "wall s", "Python", "Node", "files", "MiB", "write+hash", "ratio", "load")
    sys.stdout.write(line.format(*heads))
    with tempfile.TemporaryDirectory(prefix="hacienda-bench-") as folder:
        lab = measure(0, Path(folder))
    sys.stdout.write(line.format("none", f"{lab.wall:.2f}", *[""] * 6, f"{lab.load:.1f}"))
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="hacienda-bench-") as folder:
            found = measure(size, Path(folder))
            ratio = (found.wall - lab.wall) / found.base
            cells = (f"{found.wall:.2f}", f"{found.python} MiB", f"{found.node} MiB", found.files, found.size >> 20)
            sys.stdout.write(line.format(size, *cells, f"{found.base:.2f} s", f"{ratio:.1f}", f"{found.load:.1f}"))
            sys.stdout.flush()


CHILDREN = {"mint": mint, "synthesize": synthesize}
"""What the processes that this one starts do."""


def main() -> None:
    """Print the table; `--child` is for the processes it starts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, help="numbers of computes")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        CHILDREN[given.child[0]](Path(given.child[1]))
    else:
        table(given.sizes)


if __name__ == "__main__":
    main()
