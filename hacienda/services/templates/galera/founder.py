#!/usr/bin/python3
"""Decides who founds the Primary Component again after all members stopped.

Arguments: the members' names. Standard input: a line `node uuid:seqno` for each published position. Prints the founder's name. It
prints `wait:why|what to do` when a member's position is missing (it may hold the last commits), or when the members hold data of
several clusters.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

BLANK = "00000000-0000-0000-0000-000000000000"
POSITION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:-?[0-9]{1,19}")
"""Other values in etcd do not count as positions."""
DECIDE = "/usr/lib/hacienda/galera/decide.sh"


def founder(members: Sequence[str], positions: Mapping[str, str]) -> str:
    """The member with the highest position, if all data are of one cluster; the first by name among equals.

    Args:
        members: all members, as declared.
        positions: node -> `uuid:seqno`; the zero UUID stands for a member without data.
    """
    known = {node: at for node, at in positions.items() if node in members and POSITION.fullmatch(at)}
    holders = {node: at.rpartition(":") for node, at in known.items() if not at.startswith(BLANK)}
    ranked = sorted(holders, key=lambda node: (-int(holders[node][2]), node))
    told = ", ".join(f"{node} {known[node]}" for node in sorted(known)) or "none"
    missing = [node for node in members if node not in known]
    if missing:
        lost = f"{', '.join(missing)} did not publish a position (known: {told})"
        choice = f"; if lost for good, decide: {DECIDE} {ranked[0]}" if ranked else ""
        return f"wait:{lost}|start {' and '.join(missing)}{choice}"
    if not ranked:
        return "wait:no member has any data|restore a backup on one member, then run there: systemctl restart hacienda-galera"
    if len({uuid for uuid, _, _ in holders.values()}) > 1:
        return f"wait:the members hold data of different clusters ({told})|decide whose data to keep: {DECIDE} NODE"
    return ranked[0]


def main() -> None:
    """Read the positions, decide, and print the decision."""
    words = (line.split(maxsplit=1) for line in sys.stdin.read().splitlines())
    positions = {pair[0]: pair[1] for pair in words if len(pair) == 2}
    print(founder(sys.argv[1:], positions))  # noqa: T201 the calling script reads it


if __name__ == "__main__":
    main()
