"""The state of this node, for the deployer."""

from __future__ import annotations

from typing import Any

from hacienda.cloudinit.node import disk, fill, installed, owed, paths, systemd


def status() -> dict[str, Any]:
    """Installed files with drift, failed oneshots, needed actions, recorded clusters. It changes nothing and takes a
    fraction of a second."""
    record = installed.load()
    states = systemd.states(f"hacienda-{name}.service" for name in record.services)
    failed = [unit for unit, state in states.items() if state.failed]
    error = paths.ERROR.read_text("utf-8").strip() if paths.ERROR.exists() else None
    return {
        "node": record.node or None,
        "environment": record.environment or None,
        "bundle_hash": record.bundle_hash or None,
        "converged": bool(record.node) and error is None and not failed,
        "files": installed.comparison(record),
        "failed": failed,
        "pending": owed.everything(),
        "cluster": disk.read_state(paths.CLUSTER) or {},
        "secrets": fill.report(),
        "error": error,
    }
