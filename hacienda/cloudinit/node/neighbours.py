"""Neighbours that this node reaches, on each shared network."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Neighbour:
    """A voter's address on one network."""

    node: str
    network: str
    address: str


def parse(text: str) -> tuple[Neighbour, ...]:
    """Neighbours from `node/network=address`, separated by blanks."""
    found = []
    for word in text.split():
        place, _, address = word.partition("=")
        node, _, network = place.partition("/")
        found.append(Neighbour(node, network, address))
    return tuple(found)


def unreached(neighbours: tuple[Neighbour, ...]) -> tuple[Neighbour, ...]:
    """Neighbours that answer none of three pings within about a second."""
    if not neighbours:
        return ()
    with ThreadPoolExecutor(len(neighbours)) as pool:
        answers = list(pool.map(lambda one: _answers(one.address), neighbours))
    return tuple(one for one, answered in zip(neighbours, answers, strict=True) if not answered)


def _answers(address: str) -> bool:
    command = ["ping", "-n", "-q", "-c", "3", "-i", "0.3", "-W", "1", address]
    return subprocess.run(command, capture_output=True, timeout=15, check=False).returncode == 0
