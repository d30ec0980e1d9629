#!/usr/bin/python3
"""Keystone's cache: oslo.cache's pool of memcached clients, for values that only the cloud's own Keystones can write.

memcached asks nobody who they are. bytes_only.py keeps its client from unpickling; here a value is data alone (msgpack, as
Keystone itself keeps it during a request) behind an HMAC over its key and itself. Anything else counts as a miss.

It takes the place of `oslo_cache.memcache_pool` in the process that imports it: [cache] backend allows listed names only.
[cache] memcache_servers stays empty, so that a process without it has no cache at all. As a program it is keystone-manage with
this cache.
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
        arguments: those of the pool, with `servers`, comma-separated, in place of `url`, and `key_file`. Default: KEY_FILE.

    Raises:
        OSError: there is no key.
        RuntimeError: the key is empty, or the library does not make the client that it is to make.
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
        """The values in the order of the keys, NO_VALUE for each that is not there."""
        keys = list(keys)
        return [self._open(key, sealed) for key, sealed in zip(keys, super().get_multi(keys), strict=True)]

    def set(self, key: str, value: Any) -> None:
        """Writes a value."""
        super().set(key, self._seal(key, value))

    def set_multi(self, mapping: dict[str, Any]) -> None:
        """Writes several values."""
        super().set_multi({key: self._seal(key, value) for key, value in mapping.items()})


register_backend(NAME, __name__, SealedPool.__name__)

if __name__ == "__main__":
    from keystone.cmd import cli

    sys.exit(cli.main(["keystone-manage", *sys.argv[1:]]))
