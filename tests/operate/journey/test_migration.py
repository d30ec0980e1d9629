"""The longest silence during a live migration, from what ping prints."""

from __future__ import annotations

from hacienda.operate.journey import migration

PRINTED = """\
PING 10.76.0.100 (10.76.0.100) 56(84) bytes of data.
[1764411000.100000] 64 bytes from 10.76.0.100: icmp_seq=1 ttl=63 time=0.1 ms
[1764411000.300000] 64 bytes from 10.76.0.100: icmp_seq=2 ttl=63 time=0.1 ms
[1764411001.900000] From 10.76.0.1 icmp_seq=9 Destination Host Unreachable
[1764411002.050000] 64 bytes from 10.76.0.100: icmp_seq=10 ttl=63 time=0.1 ms
"""


def test_only_answers_count() -> None:
    gap = migration.longest(migration.stamps(PRINTED))
    assert gap is not None
    assert round(gap, 2) == 1.75
    assert migration.longest([1.0]) is None
