"""Makes the corpus of plans anew: real Terraform, real synthesized stacks, machines that are pretended.

    python -m tests.review.plan.make_plans [NAME...]

Each plan is first made as an operator makes it; where the provider refuses, it is made once more for review, and the names of those
are kept in `refused-by-the-provider.txt`: provider and guard must agree. Only long maps are thinned out afterwards.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.provider.fake_incus import Daemon, serving
from tests.review.plan.plan_stages import Stage, database, handmade, memcached, region
from tests.review.plan.scenarios import SCENARIOS

PLANS = Path(__file__).parent / "plans"
REFUSED = PLANS / "refused-by-the-provider.txt"
SOCKET = "/var/lib/hacienda-lab/unix.socket"

BASES: dict[str, Callable[[Path], Stage]] = {
    "three": lambda folder: region(folder, controllers=3, computes=2),
    "five": lambda folder: region(folder, controllers=5),
    "two-node": lambda folder: region(folder, controllers=2, arbiters=1),
    "memcached": memcached,
    "own": database,
    "hand": handmade,
}
"""Clouds that exist, by name; a scenario changes one of them."""


def thin(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with its long maps thinned out: of a member's files, those that name its services and those that change."""
    for entry in [*plan.get("resource_changes", ()), *plan.get("resource_drift", ())]:
        change = entry["change"]
        before, after = change.get("before") or {}, change.get("after") or {}
        for name in ("files", "secrets"):
            old, new = before.get(name) or {}, after.get(name) or {}
            changed = {key for key in old.keys() & new.keys() if old[key] != new[key]}
            for side in (before, after):
                if side.get(name):
                    side[name] = _few(side[name], changed)
        for side in (before, after):
            _shorten(side)
        change.update(before_sensitive={}, after_sensitive={})
    told = {entry["address"] for entry in plan.get("resource_changes", ())}
    _each(((plan.get("prior_state") or {}).get("values") or {}).get("root_module") or {}, told)
    _each((plan.get("planned_values") or {}).get("root_module") or {}, None)
    _configured((plan.get("configuration") or {}).get("root_module") or {})
    return plan


def _few(found: dict[str, str], changed: set[str]) -> dict[str, str]:
    return {key: value for key, value in found.items() if key.startswith("/etc/hacienda/services/") or key in changed}


def _shorten(found: dict[str, Any]) -> None:
    for name in ("user_data", "network_config"):
        if found.get(name):
            found[name] = "#cloud-config\n"


def _each(module: dict[str, Any], told: set[str] | None) -> None:
    """Resources that the changes tell as well are left out; None: their values are, of all."""
    if told is not None:
        module["resources"] = [one for one in module.get("resources", ()) if one["address"] not in told]
    for resource in module.get("resources", ()):
        resource["sensitive_values"] = {}
        if told is None:
            resource["values"] = {}
        else:
            values = resource.setdefault("values", {})
            _shorten(values)
            values.update(files=_few(values.get("files") or {}, set()), secrets={})
    for child in module.get("child_modules", ()):
        _each(child, told)


def _configured(module: dict[str, Any]) -> None:
    """Constants are left out, but for the providers' own."""
    for resource in module.get("resources", ()):
        expressions = resource.get("expressions", {})
        resource["expressions"] = {name: one for name, one in expressions.items() if set(one) != {"constant_value"}}
    for call in module.get("module_calls", {}).values():
        _configured(call.get("module", {}))


def clean(text: str, *folders: Path) -> str:
    """Without the paths of this machine."""
    for folder in folders:
        text = text.replace(str(folder / "incus.socket"), SOCKET).replace(str(folder), "/srv/project")
    text = re.sub(
        r'"[^"]*/\.hacienda/([^"]*cluster\.json)"', r'"../../../.hacienda/\1"', text
    )  # where this checkout is
    return re.sub(r'"timestamp":"[^"]*"', '"timestamp":"2026-01-01T00:00:00Z"', text)


def main(wanted: list[str]) -> None:
    """Make all plans, or those that are named."""
    refused = set(REFUSED.read_text().split()) if REFUSED.exists() else set()
    chosen = {name: scenario for name, scenario in SCENARIOS.items() if not wanted or name in wanted}
    with tempfile.TemporaryDirectory(prefix="plans-", dir="/tmp") as root, ExitStack() as stack:
        top = Path(root)
        daemon: Daemon = stack.enter_context(serving(top / "incus.socket"))
        daemon.aliases["hacienda-debian-13"] = "f" * 64
        for base in dict.fromkeys(scenario.base for scenario in chosen.values()):
            daemon.instances.clear()
            daemon.networks.clear()
            stage = BASES[base](top / base)
            stage.start(top / "incus.socket")
            for name in [name for name, scenario in chosen.items() if scenario.base == base]:
                instances = json.dumps(daemon.instances)
                copy = stage.copy(top / f"{base}.copy")
                text, by_provider = copy.plan(SCENARIOS[name])
                daemon.instances = json.loads(instances)
                document = clean(
                    json.dumps(thin(json.loads(text)), separators=(",", ":")), copy.folder, stage.folder, top
                )
                (PLANS / f"{name}.json").write_text(document + "\n")
                refused = refused | {name} if by_provider else refused - {name}
                REFUSED.write_text("".join(f"{one}\n" for one in sorted(refused & SCENARIOS.keys())))
                print(
                    f"{name}: {len(document) // 1024} KiB{', refused by the provider' if by_provider else ''}",
                    flush=True,
                )
                shutil.rmtree(copy.folder)
    for path in PLANS.glob("*.json"):
        if path.stem not in SCENARIOS:
            path.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
