#!/usr/bin/python3
"""Writes RabbitMQ definitions for the declared users. Arguments: the folder with a file for each virtual host, which names
its user, and the folder of the users' present names and passwords.

A user of RabbitMQ has only one password, so its name changes with the password: `nova-1f0c9a2e`. During a rotation some clients
log in as the former user and some as the new one.
"""

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
"""A queue without publishers: its members show whether quorum queues work."""


def password_hash(password: str, salt: bytes) -> str:
    """RabbitMQ's salted SHA-256 of a password."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def definitions(accounts: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """A virtual host for each account, which only its user may use, and one of Hacienda's own.

    Args:
        accounts: virtual host -> its user's name and password.
    """
    listed = sorted(accounts.items())
    return {
        "users": [
            {
                "name": user,
                "password_hash": password_hash(password, os.urandom(SALT_BYTES)),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
            }
            for user, password in sorted(set(accounts.values()))
        ],
        "vhosts": [
            {"name": vhost, "default_queue_type": "quorum"} for vhost in [OWN_VHOST, *(vhost for vhost, _ in listed)]
        ],
        "permissions": [
            {"user": user, "vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"}
            for vhost, (user, _) in listed
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
    users = {path.stem: json.loads(path.read_text())["user"] for path in names.glob("*.json")}
    accounts = {
        vhost: ((secrets / f"{user}.user").read_text().strip(), (secrets / user).read_text().strip())
        for vhost, user in users.items()
    }
    json.dump(definitions(accounts), sys.stdout)


if __name__ == "__main__":
    main()
