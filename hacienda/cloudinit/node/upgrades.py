"""Unattended upgrades, which would restart voters on all machines at once."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from hacienda.cloudinit.node import paths
from hacienda.cloudinit.node.fault import Fault

_UPGRADER = "usr/bin/unattended-upgrade"
_NEEDRESTART = "etc/needrestart/needrestart.conf"
_LIST = "Unattended-Upgrade::Package-Blacklist"
_SWITCH = "APT::Periodic::Unattended-Upgrade"
_OURS = "/etc/apt/apt.conf.d/91hacienda-upgrades"


def faults(held: Iterable[str], services: Iterable[str], root: Path = paths.ROOT) -> list[Fault]:
    """A fault for each program that would upgrade or restart voters.

    Args:
        held: regular expressions of package names, in apt's format.
        services: services that would be restarted.
        root: the file system to examine. apt-config reports apt's configuration.
    """
    wanted, suffer = list(held), tuple(services)
    found = []
    if wanted and (root / _UPGRADER).exists():
        configured = _configured()
        missing = [name for name in wanted if name not in configured.get(_LIST, ())]
        if missing and configured.get(_SWITCH, ["0"])[-1] != "0":
            what = f"unattended upgrades may restart members that vote on all machines at once: {_LIST} lacks {' '.join(missing)}"
            found.append(
                Fault(
                    "package", what, f"find the file that clears the list of {_OURS}: apt-config dump, /etc/apt", suffer
                )
            )
    if wanted and (root / _NEEDRESTART).exists():
        text = (root / _NEEDRESTART).read_text("utf-8", errors="replace")
        if not re.search(r"^[^#\n]*/etc/needrestart/conf\.d", text, re.MULTILINE):
            what = (
                "needrestart may restart members that vote after any upgrade: it does not read /etc/needrestart/conf.d"
            )
            found.append(Fault("package", what, f"restore /{_NEEDRESTART} from its package", suffer))
    return found


def _configured() -> dict[str, list[str]]:
    """apt's configuration: name -> its values, in the order of the list."""
    found: dict[str, list[str]] = {}
    said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True, timeout=20).stdout
    for name, value in re.findall(r'^(\S+?)(?:::)? "(.*)";$', said, re.MULTILINE):
        if value:
            found.setdefault(name, []).append(value)
    return found
