"""Clients of memcached that take values as bytes alone, whatever a server says of them.

memcached asks nobody who they are, and its client unpickles what a server flags as pickled, which runs what the pickle says. The
pool of oslo.cache makes such clients, for itself and for keystonemiddleware. Importing this module has the pool make ours.
"""

from __future__ import annotations

from typing import Any

from oslo_cache import _memcache_pool


def refuse(*_arguments: Any, **_options: Any) -> Any:
    """What the client would call for a value that a server flags as pickled or compressed, were flags looked at."""
    raise ValueError("not a value of this cache")


class _Client(_memcache_pool._MemcacheClient):  # type: ignore[misc]  # the node's own library
    def _recv_value(self, server: Any, flags: int, rlen: int) -> Any:
        """Whatever a server says of it, a value is bytes."""
        return super()._recv_value(server, 0, rlen)


def _create_connection(pool: Any) -> Any:
    return _Client(pool.urls, unpickler=refuse, decompressor=refuse, **pool._arguments)


_memcache_pool.MemcacheClientPool._create_connection = _create_connection
