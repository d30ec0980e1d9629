"""Accounts: the one way by which a service gets something at another one: a schema, a virtual host, a user of the cloud.

The service that hands accounts out declares their kind, and everybody who needs one declares it. Its secret, its file at the
owner, the owner's reconciliation and the digest that a plan compares derive from these two declarations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FOLDER = "/etc/hacienda/accounts"
"""On the nodes of a service that hands accounts out: `<kind>/<name>.json` for each of them."""

USER = ".user"
"""Ends the name of the secret with the name of a user: `messaging/nova.user`."""

DETAILS = ("connections", "roles")
"""What an account can say beside its name and its user. A kind lists those that it takes."""


@dataclass(frozen=True)
class Account:
    """What a service has at the one that hands out accounts of this kind.

    Args:
        kind: name of an AccountKind: `database`, `messaging`, `identity`.
        name: of what is handed out: a schema, a virtual host, a user.
        owner: whose password opens it; empty: the name. Two accounts of one owner share a user and its secret.
        connections: kind `database`: how many connections the service may open to it on one node, all pools of all processes
            together, given the cloud and the node. The load balancer's share and the rule POOL count with it.
        roles: kind `identity`: roles that the user has in the project `service`.
    """

    kind: str
    name: str
    owner: str = ""
    connections: Callable[[Any, Any], int] | None = None
    roles: tuple[str, ...] = ()

    @property
    def user(self) -> str:
        """Name of the user, which is also that of its secret."""
        return self.owner or self.name

    @property
    def password(self) -> str:
        """Name of the secret with the user's password: `<kind>/<user>`."""
        return f"{self.kind}/{self.user}"

    @property
    def user_name(self) -> str:
        """Name of the secret with the name that the user has now: `<kind>/<user>.user`. Of kinds that rename alone."""
        return self.password + USER


@dataclass(frozen=True)
class AccountKind:
    """Accounts of one kind, declared by the service that hands them out.

    Its reconcile script makes them as the files in `/etc/hacienda/accounts/<name>` say. Passwords are the secrets `<name>/<user>`.

    Args:
        name: the kind.
        takes: those of DETAILS that an account of this kind must give.
        renames: users of the system have one password only, so another password comes with another user, `nova-1f0c9a2e`: while it
            is rotated, some clients come as the former user and some as the present one.
    """

    name: str
    takes: tuple[str, ...] = ()
    renames: bool = False

    @property
    def folder(self) -> str:
        """Where the owner's nodes have a file for each account."""
        return f"{FOLDER}/{self.name}"

    def secrets(self, account: Account) -> tuple[str, ...]:
        """Names of the secrets that an account of this kind has."""
        return (account.password, account.user_name) if self.renames else (account.password,)
