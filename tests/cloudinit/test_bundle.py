"""The archive: readable by the usual tools, and the same bytes everywhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.cloudinit import sample

_PRINT_HASHES = """
from tests.cloudinit import sample
for name in ("ctl-1", "cmp-1"):
    output = sample.render(name)
    print(output.bundle_hash, output.user_data, output.network_config, dict(output.actions), output.secret_names)
"""


def members(bundle: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        return {member.name: member for member in archive}


def test_tar_reads_every_content_by_its_hash() -> None:
    output = sample.render()
    with tarfile.open(fileobj=io.BytesIO(output.bundle)) as archive:
        manifest = json.load(archive.extractfile("manifest.json") or io.BytesIO())
        assert manifest == output.manifest
        for file in manifest["files"]:
            if file["kind"] != "directory" or file["secrets"]:
                content = (archive.extractfile(f"files/{file['sha256']}") or io.BytesIO()).read()
                assert hashlib.sha256(content).hexdigest() == file["sha256"]


def test_gnu_tar_unpacks_it(tmp_path: Path) -> None:
    (tmp_path / "bundle.tar.gz").write_bytes(sample.render().bundle)
    subprocess.run(["tar", "-xzf", "bundle.tar.gz"], cwd=tmp_path, check=True)
    assert (tmp_path / "bin/hacienda-apply").stat().st_mode & 0o777 == 0o755


def test_entries_are_sorted_and_carry_nothing_of_this_machine() -> None:
    found = members(sample.render().bundle)
    contents = [name for name in found if name.startswith("files/")]
    programs = [name for name in found if name.startswith("bin/")]
    assert list(found) == ["manifest.json", *sorted(contents), *sorted(programs)]
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in found.values()} == {(0, 0, 0, "root", "root")}


def test_gzip_frame_holds_stored_blocks_so_that_no_compressor_decides() -> None:
    bundle = sample.render().bundle
    raw = gzip.decompress(bundle)
    blocks = -(-len(raw) // 0xFFFF)
    assert len(bundle) == 10 + 5 * blocks + len(raw) + 8


def test_same_bytes_whatever_locale_time_zone_hash_seed_or_umask() -> None:
    printed = set()
    for seed, locale, zone, umask in (("0", "C", "UTC", 0o022), ("4711", "C.UTF-8", "Asia/Kathmandu", 0o077)):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        command = [sys.executable, "-c", _PRINT_HASHES]
        printed.add(subprocess.run(command, env=environment, umask=umask, capture_output=True, check=True).stdout)
    assert len(printed) == 1
