#!/usr/bin/python3
"""Keystone's cache: oslo.cache's pool of memcached clients, for values that only the cloud's own Keystones can write.

memcached does not authenticate clients. bytes_only.py keeps its client from unpickling. Here a value is plain data (msgpack, which
Keystone also uses for its cache during a request) after an HMAC over its key and itself. Anything else counts as a miss.

This module replaces `oslo_cache.memcache_pool` in the process that imports it, because [cache] backend allows listed names only.
[cache] memcache_servers is empty, so that a process without this module has no cache. Run as a program, it is keystone-manage
with this cache.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from pathlib import Path
from typing import Any

from bytes_only import refuse
from dogpile.cache import register_backend
from dogpile.cache.api import NO_VALUE, CachedValue
from oslo_cache.backends import memcache_pool
from oslo_serialization import msgpackutils

NAME = "oslo_cache.memcache_pool"
KEY_FILE = "/etc/keystone/cache.key"
_HASH = hashlib.sha256
_TAG_BYTES = _HASH().digest_size


class SealedPool(memcache_pool.PooledMemcachedBackend):  # type: ignore[misc]  # the node's own library
    """The pool, with sealed values.

    Args:
        arguments: arguments of the pool, with comma-separated `servers` instead of `url`, and `key_file`. Default: KEY_FILE.

    Raises:
        OSError: there is no key.
        RuntimeError: the key is empty, or the library made a client that unpickles.
    """

    def __init__(self, arguments: dict[str, Any]) -> None:
        super().__init__({**arguments, "url": arguments["servers"].split(",")})
        self._key = Path(arguments.get("key_file", KEY_FILE)).read_bytes().strip()
        with self.client_pool.acquire() as client:
            if not self._key or client.unpickler is not refuse:
                raise RuntimeError("the cache's key is empty, or its client would unpickle")

    def _tag(self, key: str, data: bytes) -> bytes:
        name = str(key).encode()
        return hmac.digest(self._key, b"%d:%b%b" % (len(name), name, data), _HASH)

    def _seal(self, key: str, value: Any) -> bytes:
        data: bytes = msgpackutils.dumps([value.payload, value.metadata])
        return self._tag(key, data) + data

    def _open(self, key: str, sealed: Any) -> Any:
        if not isinstance(sealed, bytes):
            return NO_VALUE
        tag, data = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(key, data)):
            return NO_VALUE
        return CachedValue(*msgpackutils.loads(data))

    def get(self, key: str) -> Any:
        """The value, or NO_VALUE."""
        return self._open(key, super().get(key))

    def get_multi(self, keys: Any) -> list[Any]:
        """The values in the order of the keys, NO_VALUE for each missing one."""
        keys = list(keys)
        return [self._open(key, sealed) for key, sealed in zip(keys, super().get_multi(keys), strict=True)]

    def set(self, key: str, value: Any) -> None:
        """Write a value."""
        super().set(key, self._seal(key, value))

    def set_multi(self, mapping: dict[str, Any]) -> None:
        """Write several values."""
        super().set_multi({key: self._seal(key, value) for key, value in mapping.items()})


register_backend(NAME, __name__, SealedPool.__name__)  # type: ignore[no-untyped-call]

if __name__ == "__main__":
    from keystone.cmd import cli

    sys.exit(cli.main(["keystone-manage", *sys.argv[1:]]))
