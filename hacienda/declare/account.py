"""Accounts: how a service gets something from another one, for example a schema, a virtual host or a user of the cloud.

The service that hands out accounts declares their kind. Each service that needs an account declares the account. From these two
declarations Hacienda derives the account's secret, the file that the reconcile script reads, and the digest that a plan
compares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hacienda.declare.secret import Secret, SecretKind
from hacienda.declare.views import Cloud, Node

FOLDER = "/etc/hacienda/accounts"
"""Folder on the nodes of a service that hands out accounts. It has one file `<kind>/<name>.json` per account."""

USER = ".user"
"""Suffix of the secret that holds the name of a user: `messaging/nova.user`."""

DETAILS = ("connections", "roles", "caps")
"""Fields of an account besides its name and owner. A kind lists those that it takes."""


@dataclass(frozen=True)
class Account:
    """An account that a service has at the service that hands out this kind.

    Args:
        kind: name of an AccountKind: `database`, `messaging`, `identity`, `storage`.
        name: name of the schema, virtual host or user that is handed out.
        owner: the user whose password opens it; empty: `name`. Accounts with one owner share its user and secret.
        connections: only kind `database`: function of the cloud and the node. It returns how many connections the service may open
            on one node, over all pools of all processes. The load balancer's share and the rule POOL use it.
        roles: only kind `identity`: roles that the user has in the project `service`.
        caps: only kind `storage`: what the user may do, as pairs of a daemon's type and Ceph's capabilities:
            `("osd", "profile rbd pool=images")`.
    """

    kind: str
    name: str
    owner: str = ""
    connections: Callable[[Cloud, Node], int] | None = None
    roles: tuple[str, ...] = ()
    caps: tuple[tuple[str, str], ...] = ()

    @property
    def user(self) -> str:
        """Name of the user; its secret has the same name."""
        return self.owner or self.name

    @property
    def password(self) -> str:
        """Name of the secret with the user's password: `<kind>/<user>`."""
        return f"{self.kind}/{self.user}"

    @property
    def user_name(self) -> str:
        """Name of the secret that holds the user's present name, `<kind>/<user>.user`. Only kinds that rename have it."""
        return self.password + USER


@dataclass(frozen=True)
class AccountKind:
    """Accounts of one kind, declared by the service that hands them out.

    The service's reconcile script creates them from the files in `/etc/hacienda/accounts/<name>`. Their passwords are the secrets
    `<name>/<user>`.

    Args:
        name: the kind.
        takes: those of DETAILS that an account of this kind must give.
        renames: True for a program whose users have one password each. A rotation then creates another user with the new password,
            `nova-1f0c9a2e`. During the rotation some clients use the former user and some the present one.
        secret: how the passwords of these accounts are made.
    """

    name: str
    takes: tuple[str, ...] = ()
    renames: bool = False
    secret: SecretKind = "token"  # noqa: S105 a kind of secret

    @property
    def folder(self) -> str:
        """Folder with one file per account, on the nodes of the service that hands them out."""
        return f"{FOLDER}/{self.name}"

    def secrets(self, account: Account) -> tuple[str, ...]:
        """Names of the secrets of an account of this kind."""
        return (account.password, account.user_name) if self.renames else (account.password,)

    def password(self, account: Account) -> Secret:
        """The secret with the password of an account of this kind."""
        return Secret(account.password, self.secret)
