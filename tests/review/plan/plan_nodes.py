"""Nodes for the corpus of plans: within the provider's process, and always well."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from pathlib import Path

from hacienda.remote import scripts
from hacienda.remote.transport import Address, Completed, Transport
from tests.provider.memory import MemoryTransport


def transport(argument: str, address: Address) -> Transport:
    """A node that keeps its status in a file of the folder `argument`."""
    return PlanNode(Path(argument) / f"{address.node}.json", address.node)


class PlanNode(MemoryTransport):
    """Takes a delivery, and is from then on as the bundle's manifest says; whatever is asked about is well."""

    def installed(self, data: bytes) -> str:
        return json.dumps(_installed(data))

    def run(self, script: str, data: bytes = b"", timeout: float = 60.0) -> Completed:
        if script == scripts.DIAGNOSE:
            return Completed(0, json.dumps({"faults": [], "unreached": [], "time": time.time()}).encode(), "")
        if "hacienda-verify" not in script:
            return super().run(script, data, timeout)
        services = [word for word in script.rpartition("hacienda-verify")[2].split() if word.isalpha()]
        well = [{"service": name, "ok": True, "detail": "fine", "fix": ""} for name in services]
        return Completed(0, json.dumps(well).encode(), "")


def _installed(delivery: bytes) -> dict[str, object]:
    bundle, digests = (_member(delivery, name, "r") for name in ("bundle.tar.gz", "digests.json"))
    files = json.loads(_member(bundle, "manifest.json", "r:gz"))["files"]
    return {
        "bundle_hash": hashlib.sha256(bundle).hexdigest(),
        "converged": True,
        "files": {file["path"]: file["sha256"][:16] for file in files},
        "failed": [],
        "secrets": json.loads(digests or b"{}"),
    }


def _member(archive: bytes, name: str, mode: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive), mode=mode) as opened:  # type: ignore[call-overload]
        for member in opened:
            file = opened.extractfile(member)
            if member.name.removeprefix("./") == name and file:
                return bytes(file.read())
    return b""
