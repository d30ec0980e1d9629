"""The guest that `hacienda verify` boots: Debian's cloud kernel and busybox, 13 MB in all, up in seconds without KVM.

It is a kernel and an initial ramdisk without a disk of its own, so it needs no boot loader, no partition and no root to make. It
gets an address by DHCP, says so on its serial console, answers HTTP, and writes to attached disks on request.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hacienda import errors
from hacienda.lab import apt_sources, command, host, recipe

ARCHITECTURE = "amd64"
"""The only architecture so far: others name their serial console and their kernel's file differently."""

PACKAGES = (f"linux-image-cloud-{ARCHITECTURE}", "busybox-static")

MODULES = {"failover": "", "net_failover": "", "virtio_net": "csum=0 gso=0", "virtio_blk": ""}
"""Drivers that Debian's cloud kernel has as modules, and their options, each after those that it depends on. PCI, its hot-plugging,
virtio itself and the serial console are in the kernel. The guest computes its checksums itself: Open vSwitch without a kernel
datapath, as in containers, drops a connection's packets whose checksum is left to the card (`conntrack_l4csum_err`)."""

COMMAND_LINE = "console=ttyS0 quiet"

MARKER = "HACIENDA-GUEST"
"""The first word of each line that the guest writes to its console. `MARKER address ADDRESS` follows each lease, and
`MARKER metadata UUID` the first answer of the metadata service."""

_SCRIPTS = {"init": "init.sh", "bin/lease": "lease.sh", "bin/metadata": "metadata.sh", "www/cgi-bin/disk": "disk.sh"}
"""Paths in the guest, and the scripts that become them."""

_FAT = {0x10: 2, 0x15: 0xF8}
"""Two fields of a FAT boot sector: two tables, on a fixed disk."""

_PAGE = "A guest of Hacienda answers.\n"


@dataclass(frozen=True)
class Guest:
    """Files of a guest.

    Args:
        kernel: the kernel.
        ramdisk: the initial ramdisk, which holds everything else.
    """

    kernel: Path
    ramdisk: Path


def fingerprint(mirror: apt_sources.Mirror) -> str:
    """SHA-256, in hexadecimal, of everything that determines the guest, other than the versions that the mirror offers."""
    parts = [
        recipe.SUITE,
        mirror.main,
        *PACKAGES,
        *MODULES,
        *MODULES.values(),
        str(_FAT),
        _PAGE,
        *_SCRIPTS,
        *map(_script, _SCRIPTS.values()),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def build(
    mirror: apt_sources.Mirror,
    *,
    folder: Path | None = None,
    proxy: str | None = None,
    progress: host.Progress = host.quiet,
) -> Guest:
    """Return the guest; make it unless it is there. It needs no root, 36 MB from the mirror and about 10 s.

    Args:
        mirror: the Debian archive that its packages come from. apt verifies the archive's signature.
        folder: where guests are kept; default: below $XDG_CACHE_HOME or ~/.cache.
        proxy: HTTP proxy to the archive; default: the one that the machine's own apt uses.
        progress: receives each action.

    Raises:
        errors.ToolError: no apt, no such package, or the folder cannot be written.
    """
    kept = (folder or _kept()) / fingerprint(mirror)[:12]
    guest = Guest(kept / "vmlinuz", kept / "initrd")
    if guest.kernel.is_file() and guest.ramdisk.is_file():
        return guest
    progress(f"making the guest from {mirror.main}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=kept.parent) as work:
            files = unpacked(Path(work), mirror, proxy)
            made = Path(work) / "made"
            made.mkdir()
            (made / "vmlinuz").write_bytes(kernel(_one(files, "boot/vmlinuz-*").read_bytes()))
            (made / "initrd").write_bytes(ramdisk(files))
            shutil.rmtree(kept, ignore_errors=True)
            made.replace(kept)
    except OSError as error:
        raise errors.ToolError(f"{error.filename or kept}: the guest cannot be made: {error.strerror}") from error
    return guest


def _kept() -> Path:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hacienda" / "guest"
    except RuntimeError:
        raise errors.ToolError("There is no home directory for the guest.", "Set XDG_CACHE_HOME.") from None


def _script(name: str) -> str:
    return recipe.script(f"guest/{name}")


def unpacked(work: Path, mirror: apt_sources.Mirror, proxy: str | None, packages: Sequence[str] = PACKAGES) -> Path:
    """Download packages with an apt that has its own folder, so that the machine's apt is not touched; unpack them.

    Args:
        work: an empty folder.
        mirror: the Debian archive. apt verifies its signature.
        proxy: HTTP proxy to the archive; None: the one that the machine's own apt uses.
        packages: the packages; nothing that they depend on is added.

    Raises:
        errors.ToolError: no apt, or no such package.
    """
    for part in ("etc/apt", "var/lib/apt/lists/partial", "var/lib/dpkg", "var/cache/apt/archives/partial", "debs"):
        (work / part).mkdir(parents=True)
    (work / "var/lib/dpkg/status").touch()
    sources = "\n".join(
        line.replace("deb ", f"deb [signed-by={apt_sources.KEYRING}] ", 1) for line in mirror.lines(recipe.SUITE)
    )
    (work / "etc/apt/sources.list").write_text(f"{sources}\n")
    own = apt_sources.handed_on(command.run(("apt-config", "dump"))) + apt_sources.through(proxy)
    configuration = work / "apt.conf"
    # In a file that only this user can read, because a proxy's address may hold a password.
    configuration.touch(mode=0o600)
    configuration.write_text(
        f'{own}Dir "{work}";\nDir::Bin::methods "/usr/lib/apt/methods";\nDir::Etc::trusted "/dev/null";\n'
        f'APT::Architecture "{ARCHITECTURE}";\nAPT::Architectures {{ "{ARCHITECTURE}"; }};\nAPT::Sandbox::User "";\n'
        'Acquire::Languages "none";\nAcquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";\n'
    )
    env = {"APT_CONFIG": str(configuration)}
    command.run(("apt-get", "update", "--quiet=2", "--error-on=any"), env=env)
    for package in _real(env, packages):
        command.run(("apt-get", "download", "--quiet=2", package), env=env, folder=work / "debs")
    for archive in sorted((work / "debs").glob("*.deb")):
        command.run(("dpkg-deb", "--extract", str(archive), str(work / "unpacked")))
    return work / "unpacked"


def _real(env: Mapping[str, str], packages: Sequence[str]) -> Iterator[str]:
    """The packages with files: the one named after the cloud kernel depends on that of its present version."""
    for package in packages:
        needed = command.run(("apt-cache", "depends", "--important", package), env=env).split()
        images = [name for name in needed if name.startswith("linux-image-") and name != package]
        yield images[0] if images else package


def kernel(image: bytes) -> bytes:
    """A kernel's file that Nova takes for a raw image, and not for a disk with an invalid partition table.

    A bzImage ends its first sector like a partitioned disk, and Nova checks such a table before a live migration (oslo.utils,
    `GPTInspector`). It leaves out what says that it is a FAT file system. These bytes of the DOS header mean nothing to a kernel's
    loader (Documentation/arch/x86/boot.rst).
    """
    marked = bytearray(image)
    for place, value in _FAT.items():
        if image[place]:
            raise errors.ToolError("The kernel uses bytes of its DOS header that were free until now.", "Report this.")
        marked[place] = value
    return bytes(marked)


def ramdisk(packages: Path) -> bytes:
    """The initial ramdisk of unpacked packages. Equal files give equal bytes."""
    files = {"bin/busybox": _one(packages, "**/bin/busybox").read_bytes()}
    for module in MODULES:
        files[f"lib/modules/{module}.ko"] = lzma.decompress(_one(packages, f"**/{module}.ko.xz").read_bytes())
    files["modules"] = "".join(f"{module}.ko {options}\n" for module, options in MODULES.items()).encode()
    files["www/index.html"] = _PAGE.encode()
    files |= {path: _script(name).encode() for path, name in _SCRIPTS.items()}
    # Busybox takes its program's name from the link; a shell script's first line names one of them.
    links = {f"bin/{name}": "busybox" for name in _applets()}
    return gzip.compress(archive(files, links, ("dev", "proc", "sys", "tmp")), compresslevel=6, mtime=0)


def _applets() -> Sequence[str]:
    """Programs that the scripts use."""
    return (
        *("cat", "cut", "dd", "echo", "httpd", "insmod", "ip", "mount", "printf", "rm"),
        *("sh", "sha256sum", "sleep", "udhcpc", "wc", "wget"),
    )


def archive(files: Mapping[str, bytes], links: Mapping[str, str], folders: Sequence[str]) -> bytes:
    """A cpio archive in the format "newc" (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst)."""
    parents = {str(parent) for path in (*files, *links) for parent in Path(path).parents} - {"."}
    entries = [(path, stat.S_IFDIR | 0o755, b"") for path in sorted({*parents, *folders})]
    entries += [(path, stat.S_IFREG | 0o755, content) for path, content in sorted(files.items())]
    entries += [(path, stat.S_IFLNK | 0o777, target.encode()) for path, target in sorted(links.items())]
    entries.append(("TRAILER!!!", 0, b""))
    return b"".join(_entry(number, *entry) for number, entry in enumerate(entries, 1))


def _entry(number: int, path: str, mode: int, content: bytes) -> bytes:
    name = path.encode() + b"\0"
    # inode, mode, uid, gid, links, mtime, size, two device numbers of two parts each, length of the name, checksum
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + "".join(f"{field:08X}" for field in fields).encode() + name
    return _padded(head) + _padded(content)


def _padded(text: bytes) -> bytes:
    return text + b"\0" * (-len(text) % 4)


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise errors.ToolError(
            f"The packages {' and '.join(PACKAGES)} have no file {pattern}.", "Is this mirror a Debian archive?"
        )
    return found[0]
