"""Floating IPs take no address of a machine, a virtual IP or the gateway."""

from __future__ import annotations

from ipaddress import IPv4Address as Ip

from hypothesis import given
from hypothesis import strategies as st

from hacienda.operate.journey import network

OCTETS = st.integers(1, 254)


@given(OCTETS, OCTETS, st.sets(OCTETS))
def test_ranges_hold_every_address_but_those_that_are_taken(first: int, last: int, taken: set[int]) -> None:
    addresses = {Ip(f"192.0.2.{number}") for number in taken}
    found = list(network.between(Ip(f"192.0.2.{first}"), Ip(f"192.0.2.{last}"), addresses))
    inside = {number for start, end in found for number in range(int(start), int(end) + 1)}
    wanted = {int(Ip(f"192.0.2.{number}")) for number in range(first, last + 1) if number not in taken}
    assert inside == wanted
    assert all(start <= end for start, end in found)
