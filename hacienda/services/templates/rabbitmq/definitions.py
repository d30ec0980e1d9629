#!/usr/bin/python3
"""Writes RabbitMQ definitions for the declared users. Arguments: the folder that names them, the folder of their passwords."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

SALT_BYTES = 4
"""RabbitMQ's rabbit_password_hashing_sha256 takes the first four bytes as the salt."""
OWN_VHOST = "hacienda"
OWN_QUEUE = "hacienda.verify"
"""A queue nobody publishes to: its members tell whether quorum queues work."""


def password_hash(password: str, salt: bytes) -> str:
    """RabbitMQ's salted SHA-256 of a password."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def definitions(passwords: dict[str, str]) -> dict[str, Any]:
    """A virtual host per user, where only that user may do anything, and one of our own.

    Args:
        passwords: user -> password.
    """
    users = sorted(passwords)
    return {
        "users": [
            {
                "name": user,
                "password_hash": password_hash(passwords[user], os.urandom(SALT_BYTES)),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
            }
            for user in users
        ],
        "vhosts": [{"name": vhost, "default_queue_type": "quorum"} for vhost in [OWN_VHOST, *users]],
        "permissions": [
            {"user": user, "vhost": user, "configure": ".*", "write": ".*", "read": ".*"} for user in users
        ],
        "queues": [
            {
                "name": OWN_QUEUE,
                "vhost": OWN_VHOST,
                "durable": True,
                "auto_delete": False,
                "arguments": {"x-queue-type": "quorum"},
            }
        ],
    }


def main() -> None:
    """Print the definitions as JSON."""
    names, secrets = Path(sys.argv[1]), Path(sys.argv[2])
    users = [path.name for path in names.iterdir()] if names.is_dir() else []
    json.dump(definitions({user: (secrets / user).read_text().strip() for user in users}), sys.stdout)


if __name__ == "__main__":
    main()
