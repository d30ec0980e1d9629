"""Our rendered firewall rules, evaluated without a kernel: what becomes of a packet that opens a connection.

It knows what the rules use and refuses everything else, so that a new kind of match cannot pass unread.
tests/sites/test_nftables.py holds it against the kernel.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection, coming in through a network card.

    Args:
        source: its sender's address.
        destination: the address it is for.
        protocol: `tcp`, `udp`, `icmp`, `vrrp`, ...
        port: destination port; 0 where the protocol has none.
        stray: it came in by another interface than the one that leads to its sender.
        ttl: hops that it has left.
    """

    source: IPv4Address
    destination: IPv4Address
    protocol: str
    port: int = 0
    stray: bool = False
    ttl: int = 255


Match = Callable[[Packet], bool]

_NUMBERS = {"47": "gre", "50": "esp", "89": "ospf"}
_SET = re.compile(r"set (\w+) \{(.*?)\n    \}", re.DOTALL)
_ELEMENTS = re.compile(r"elements = \{ (.*?) \}")
_CHAIN = re.compile(r"chain input \{\n(.*?)\n    \}", re.DOTALL)
_VERDICT = re.compile(r"(?:counter name \w+ )?(accept|reject|drop)( with tcp reset)?( comment \".*\")?$")
_COUNTS = re.compile(r"(counter name \w+|limit rate .* log .*)$")


class Ruleset:
    """One machine's rules.

    Args:
        text: its nftables.conf.

    Raises:
        ValueError: something in it is not understood.
    """

    def __init__(self, text: str) -> None:
        self._sets = {name: _networks(body) for name, body in _SET.findall(text)}
        chain = _CHAIN.search(text)
        if chain is None or "hook input" not in chain[1] or "policy drop" not in chain[1]:
            raise ValueError("no input chain that drops")
        lines = (line.strip() for line in chain[1].splitlines())
        kept = [line for line in lines if line and not line.startswith(("#", "type filter hook input"))]
        self._rules = [rule for line in kept if (rule := self._rule(line)) is not None]
        self.verdict = functools.lru_cache(maxsize=None)(self._verdict)

    def _verdict(self, packet: Packet) -> str:
        """`accept`, `reject` or `drop`."""
        return next((verdict for match, verdict in self._rules if match(packet)), "drop")

    def _rule(self, line: str) -> tuple[Match, str] | None:
        if _COUNTS.fullmatch(line):
            return None
        verdict = _VERDICT.search(line)
        if verdict is None:
            raise ValueError(f"no verdict: {line}")
        matches = self._matches(line[: verdict.start()].split())
        return lambda packet: all(match(packet) for match in matches), verdict[1]

    def _matches(self, words: list[str]) -> list[Match]:
        found: list[Match] = []
        while words:
            key, words = (words[0], words[1]), words[2:]
            values, words = _values(words)
            found.append(self._match(key, values))
        return found

    def _match(self, key: tuple[str, str], values: tuple[str, ...]) -> Match:
        match key:
            case ("ct", "state") | ("iif", '"lo"'):
                return lambda packet: False  # neither established, nor outside of a connection, nor local
            case ("meta", "l4proto") | ("ip", "protocol"):
                names = {_NUMBERS.get(value, value) for value in values}
                return lambda packet: packet.protocol in names
            case ("fib", "saddr") if values == (".",):
                return lambda packet: True  # what it looks for follows
            case ("iif", "oif") if values == ("missing",):
                return lambda packet: packet.stray
            case ("ip", "ttl"):
                bound = int(values[0].removeprefix("<"))
                return lambda packet: packet.ttl < bound
            case ("ip", "saddr"):
                among_sources = _among(self._addresses(values))
                return lambda packet: among_sources(packet.source)
            case ("ip", "daddr"):
                among_targets = _among(self._addresses(values))
                return lambda packet: among_targets(packet.destination)
            case (("tcp" | "udp" | "sctp") as protocol, "dport"):
                ranges = [tuple(map(int, value.split("-"))) for value in values]
                ports = frozenset(port for one in ranges for port in range(one[0], one[-1] + 1))
                return lambda packet: packet.protocol == protocol and packet.port in ports
        raise ValueError(f"not understood: {' '.join(key)}")

    def _addresses(self, values: tuple[str, ...]) -> tuple[IPv4Network, ...]:
        named = [self._sets[value[1:]] for value in values if value.startswith("@")]
        return (
            *(n for networks in named for n in networks),
            *(IPv4Network(v) for v in values if not v.startswith("@")),
        )


def _among(networks: tuple[IPv4Network, ...]) -> Callable[[IPv4Address], bool]:
    """Whether an address is in any of them. As numbers: a cloud of a thousand machines asks half a million times."""
    by_mask: dict[int, set[int]] = {}
    for network in networks:
        by_mask.setdefault(int(network.netmask), set()).add(int(network.network_address))
    return lambda address: any(int(address) & mask in numbers for mask, numbers in by_mask.items())


def _values(words: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The values that begin a list of words, one or `{ a, b }`, and the words after them. `iif "lo"` has its value already."""
    if not words:
        return (), []
    if words[0] == "<":
        return (f"<{words[1]}",), words[2:]
    if words[0] != "{":
        return tuple(words[0].split(",")), words[1:]
    end = words.index("}")
    return tuple(word.rstrip(",") for word in words[1:end]), words[end + 1 :]


def _networks(body: str) -> tuple[IPv4Network, ...]:
    elements = _ELEMENTS.search(body)
    return tuple(IPv4Network(element) for element in elements[1].split(", ")) if elements else ()
