"""Clients of memcached that accept values as bytes only, whatever flags a server sends.

memcached does not authenticate clients. Its client unpickles values that a server flags as pickled, which runs code from the
pickle. The pool of oslo.cache makes such clients, for itself and for keystonemiddleware. After an import of this module it makes
these.
"""

from __future__ import annotations

from typing import Any

from oslo_cache import _memcache_pool


def refuse(*_arguments: Any, **_options: Any) -> Any:
    """Refuse a value that a server flags as pickled or compressed. The client calls this only if it heeds flags."""
    raise ValueError("not a value of this cache")


class _Client(_memcache_pool._MemcacheClient):  # type: ignore[misc]  # the node's own library
    def _recv_value(self, server: Any, flags: int, rlen: int) -> Any:
        """Ignore the server's flags: a value is bytes."""
        return super()._recv_value(server, 0, rlen)


def _create_connection(pool: Any) -> Any:
    return _Client(pool.urls, unpickler=refuse, decompressor=refuse, **pool._arguments)


_memcache_pool.MemcacheClientPool._create_connection = _create_connection
