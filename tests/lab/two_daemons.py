"""Two labs side by side, each with a network, removed one after the other: prints what is left of Incus' firewall table.

Runs in network and mount namespaces of its own, so that it neither sees nor touches a lab of this machine:
`unshare --net --mount -- python -m tests.lab.two_daemons FOLDER`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hacienda.lab import command, daemon, host, layout


def main(folder: Path) -> None:
    """Print a JSON object: moment -> the table's chains; null: there is no table."""
    # Incus looks a bridge up below /sys, which shows the network namespace that it was mounted in. Its `ip route flush`
    # fails where no route was ever added.
    command.run(("mount", "-t", "sysfs", "sysfs", "/sys"))
    command.run(("mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"))
    command.run(("ip", "link", "set", "lo", "up"))
    command.run(("ip", "route", "add", "10.254.0.0/24", "dev", "lo"))
    one, two = (layout.Lab(folder / name, pool=name, pool_size="1GiB") for name in ("one", "two"))
    seen: dict[str, list[str] | None] = {}
    try:
        for number, lab in enumerate((one, two)):
            host.prepare("x", lab=lab)
            cidr = f"ipv4.address=10.99.{number}.1/24"
            command.incus(lab, "network", "create", f"br-{lab.pool}", cidr, "ipv4.nat=true", "ipv6.address=none")
        seen["both run"] = chains()
        remove(one)
        seen["the other has a network"] = chains()
        command.incus(two, "network", "delete", "br-two")
        host.prepare("x", lab=one)
        host.teardown("x", keep=True, lab=one)
        seen["one is kept without an environment"] = [str(daemon.answers(one))]
        host.prepare("x", lab=one)
        host.teardown("x", lab=one)
        seen["the other runs"] = chains()
        remove(two)
        seen["none runs"] = chains()
    finally:
        for lab in (one, two):
            host.teardown(lab=lab)
    json.dump(seen, sys.stdout)


def remove(lab: layout.Lab) -> None:
    """Delete the network as Terraform does, if it is still there; then the lab."""
    if "/1.0/networks/br-" in str(command.listed(lab, "/1.0/networks")):
        command.incus(lab, "network", "delete", f"br-{lab.pool}")
    host.teardown("x", lab=lab)


def chains() -> list[str] | None:
    """The chains of Incus' table, without numbers and bodies."""
    rules = json.loads(command.run(("nft", "--json", "list", "ruleset")))["nftables"]
    if not any("table" in entry for entry in rules):
        return None
    return sorted(entry["chain"]["name"] for entry in rules if "chain" in entry)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
