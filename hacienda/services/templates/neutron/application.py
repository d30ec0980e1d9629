"""Neutron's API, for uWSGI. A worker can take the place of one that was killed.

A worker that ends removes its entry from the hash ring of OVN's events; one that is killed leaves it there. Its successor has the
same name, and so Neutron would try for minutes to add an entry that exists. Here an entry replaces the former one.
"""

from __future__ import annotations

from typing import Any

from neutron.db import ovn_hash_ring_db

_add_node = ovn_hash_ring_db.add_node


def replace_node(context: Any, group_name: str, node_uuid: str, created_at: Any = None) -> Any:
    """Add a worker to the ring; what one of its name left there is removed first."""
    ovn_hash_ring_db.remove_node_by_uuid(context, node_uuid)
    return _add_node(context, group_name, node_uuid, created_at=created_at)


ovn_hash_ring_db.add_node = replace_node

from neutron.wsgi.api import application  # noqa: E402  its import starts the API

__all__ = ["application", "replace_node"]
