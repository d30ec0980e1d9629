#!/usr/bin/python3
"""Creates and corrects the entries of Keystone's catalogue that files declare. Arguments: Keystone's URL, the folder of the files.

Other entries are left alone, because they may be the operator's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from identity import Identity
from own import as_administrator


def reconcile(identity: Identity, entries: list[dict[str, Any]]) -> list[str]:
    """Create and correct regions, services and endpoints as declared; returns the changes."""
    changes: list[str] = []
    regions = {region["id"] for region in identity.get("/regions")["regions"]}
    services = {(one["type"], one["name"]): one["id"] for one in identity.get("/services")["services"]}
    present = {
        (one["service_id"], one["interface"], one["region_id"]): one for one in identity.get("/endpoints")["endpoints"]
    }
    for entry in entries:
        region = entry["region"]
        if region not in regions:
            identity.send("POST", "/regions", {"region": {"id": region}})
            regions.add(region)
            changes.append(f"region {region}")
        key = (entry["type"], entry["name"])
        if key not in services:
            made = identity.send("POST", "/services", {"service": {"type": key[0], "name": key[1]}})
            services[key] = made["service"]["id"]
            changes.append(f"service {key[1]}")
        for endpoint in entry["endpoints"]:
            wanted = {"interface": endpoint["interface"], "url": endpoint["url"], "region_id": region}
            known = present.get((services[key], endpoint["interface"], region))
            if known is None:
                identity.send("POST", "/endpoints", {"endpoint": {**wanted, "service_id": services[key]}})
            elif known["url"] != endpoint["url"]:
                identity.send("PATCH", f"/endpoints/{known['id']}", {"endpoint": wanted})
            else:
                continue
            changes.append(f"{key[1]} {endpoint['interface']} {endpoint['url']}")
    return changes


def main() -> int:
    """0 when the catalogue is as declared."""
    entries = [entry for path in sorted(Path(sys.argv[2]).glob("*.json")) for entry in json.loads(path.read_text())]
    code: int = as_administrator(lambda identity: reconcile(identity, entries), "the catalogue is as declared")
    return code


if __name__ == "__main__":
    sys.exit(main())
