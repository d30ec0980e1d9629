"""The guest's ramdisk is an archive that the kernel reads, and its name follows from what determines it."""

from __future__ import annotations

import gzip
import lzma
import shutil
import subprocess
from pathlib import Path

import pytest

from hacienda.errors import ToolError
from hacienda.lab import guest
from hacienda.lab.apt_sources import Mirror

MIRROR = Mirror("http://m.example/debian")


def unpacked(folder: Path) -> Path:
    """Packages, unpacked, with other bytes in their files."""
    for path, content in {
        "boot/vmlinuz-6.12-cloud-amd64": b"MZ" + bytes(62),
        "usr/bin/busybox": b"busybox",
        **{f"usr/lib/modules/6.12/kernel/{name}.ko.xz": lzma.compress(name.encode()) for name in guest.MODULES},
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def entries(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """Path -> mode and content of a cpio archive, read as the kernel's init/initramfs.c reads it."""
    found: dict[str, tuple[int, bytes]] = {}
    at = 0
    while True:
        assert archive[at : at + 6] == b"070701"
        numbers = [int(archive[at + 6 + 8 * place : at + 14 + 8 * place], 16) for place in range(13)]
        mode, size, length = numbers[1], numbers[6], numbers[11]
        name = archive[at + 110 : at + 110 + length - 1].decode()
        start = (at + 110 + length + 3) & ~3
        if name == "TRAILER!!!":
            return found
        found[name] = (mode, archive[start : start + size])
        at = (start + size + 3) & ~3


def test_the_ramdisk_holds_what_boots(tmp_path: Path) -> None:
    found = entries(gzip.decompress(guest.ramdisk(unpacked(tmp_path))))
    assert found["init"][0] == 0o100755
    assert found["init"][1].startswith(b"#!/bin/sh\n")
    assert found["bin/sh"] == (0o120777, b"busybox")
    assert found["bin/busybox"] == (0o100755, b"busybox")
    assert found["lib/modules/virtio_net.ko"][1] == b"virtio_net"
    assert [line.split()[0] for line in found["modules"][1].splitlines()] == [
        f"{name}.ko".encode() for name in guest.MODULES
    ]
    for path in found:
        assert path.rpartition("/")[0] in ("", *found), f"{path} comes before its folder"
    order = list(found)
    assert all(order.index(path.rpartition("/")[0]) < order.index(path) for path in order if "/" in path)


def test_nova_takes_the_kernel_for_a_raw_image() -> None:
    """Of a sector that ends like a partitioned disk's, oslo.utils leaves out what says that it is a FAT file system."""
    image = b"MZ" + bytes(508) + b"\x55\xaa" + b"code"
    made = guest.kernel(image)
    assert (made[0x10], made[0x15]) == (2, 0xF8)
    assert made[:0x10] + bytes(1) + made[0x11:0x15] + bytes(1) + made[0x16:] == image
    with pytest.raises(ToolError, match="DOS header"):
        guest.kernel(made)


def test_equal_packages_give_equal_bytes(tmp_path: Path) -> None:
    one, other = (guest.ramdisk(unpacked(tmp_path / name)) for name in ("one", "other"))
    assert one == other


def test_every_program_of_the_scripts_is_linked() -> None:
    applets = set(guest._applets())
    for name in guest._SCRIPTS.values():
        for line in guest._script(name).splitlines():
            words = line.split("#")[0].replace("$(", " ").replace("|", " ").split()
            used = {word for word in words if word in shutil_names()}
            assert used <= applets, line


def shutil_names() -> set[str]:
    """Programs that busybox could offer, as far as these scripts might use them."""
    return {
        "awk",
        "cat",
        "cut",
        "dd",
        "grep",
        "head",
        "httpd",
        "insmod",
        "ip",
        "modprobe",
        "mount",
        "sed",
        "sha256sum",
    } | {
        "sleep",
        "tr",
        "udhcpc",
        "wc",
        "wget",
    }


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"uuid": "7d3f", "name": "a", "keys": [{"uuid": "other"}]}', "HACIENDA-GUEST metadata 7d3f after 12.5 s\n"),
        ("<html>404 Not Found</html>", ""),
    ],
)
def test_the_guest_says_which_instance_it_is(answer: str, said: str, tmp_path: Path) -> None:
    """Nova writes the identifier as `"uuid": "..."`."""
    (tmp_path / "wget").write_text(f"#!/bin/sh\necho '{answer}'\n")
    (tmp_path / "uptime").write_text("12.5 20.0\n")
    script = guest._script("metadata.sh").replace("PATH=/bin", f"PATH={tmp_path}:/bin")
    (tmp_path / "wget").chmod(0o755)
    text = script.replace("/proc/uptime", str(tmp_path / "uptime"))
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == (said, 0 if said else 1)


def test_the_name_follows_from_mirror_and_contents(monkeypatch: pytest.MonkeyPatch) -> None:
    first = guest.fingerprint(MIRROR)
    assert guest.fingerprint(Mirror("http://other.example/debian")) != first
    monkeypatch.setattr(guest, "MODULES", {**guest.MODULES, "virtio_scsi": ""})
    assert guest.fingerprint(MIRROR) != first


def test_a_guest_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    kept = tmp_path / guest.fingerprint(MIRROR)[:12]
    kept.mkdir()
    for name in ("vmlinuz", "initrd"):
        (kept / name).touch()
    assert guest.build(MIRROR, folder=tmp_path) == guest.Guest(kept / "vmlinuz", kept / "initrd")


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt-get")
def test_a_mirror_that_does_not_answer_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="apt-get update"):
        guest.build(Mirror("http://127.0.0.1:1/debian"), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_packages_without_a_kernel_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="have no file"):
        guest.ramdisk(tmp_path)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("write&volume&0&x", "400 Bad Request"),
        ("write&volume", "400 Bad Request"),
        ("write&&0&1", "404 Not Found"),
        ("read&volume&0&1", "404 Not Found"),
    ],
)
def test_a_wrong_question_to_the_guest_is_refused(query: str, said: str, tmp_path: Path) -> None:
    script = tmp_path / "disk"
    script.write_text(guest._script("disk.sh"))
    done = subprocess.run(
        ["/bin/bash", "--posix", str(script)], env={"QUERY_STRING": query}, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"Status: {said}\n")
