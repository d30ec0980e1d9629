#!/usr/bin/python3
"""Creates and corrects the accounts whose passwords Hacienda makes. Argument: Keystone's URL.

The probe is created or gets its present password. Wrong passwords cannot lock either account: 48 random characters cannot be
guessed, and a stranger who sends wrong ones would otherwise keep operators and health checks out (Keystone's documentation,
`ignore_lockout_failure_attempts`). These accounts do not expire where the operator lets people's passwords expire.
"""

from __future__ import annotations

import sys
from typing import Any

from identity import DOMAIN, Account, Identity, IdentityError
from own import ADMIN, PROBE, as_administrator, here

OPTIONS = {
    "ignore_lockout_failure_attempts": True,
    "ignore_password_expiry": True,
    "ignore_change_password_upon_first_use": True,
    "ignore_user_inactivity": True,
}
"""Options of every account."""

LOCKED = {"lock_password": True}
"""Options of all accounts but the administrator's: a client that has the password cannot change it."""


def options(account: Account) -> dict[str, bool]:
    """Keystone's options that an account must have."""
    return dict(OPTIONS) if account.name == ADMIN.name else {**OPTIONS, **LOCKED}


def reconcile(identity: Identity, account: Account, accepted: bool) -> str:
    """Create or correct an account; returns what was done, if anything.

    Args:
        identity: a session of the administrator.
        account: the account.
        accepted: whether Keystone accepts its present password.
    """
    users = identity.get(f"/users?name={account.name}&domain_id={DOMAIN['id']}")["users"]
    if not users:
        made = {
            "name": account.name,
            "domain_id": DOMAIN["id"],
            "password": account.password,
            "options": options(account),
        }
        identity.send("POST", "/users", {"user": {**made, "description": account.description}})
        return f"user {account.name}"
    user = users[0]
    changes: dict[str, Any] = {} if accepted else {"password": account.password}
    if not user["enabled"]:
        changes["enabled"] = True
    if not options(account).items() <= user.get("options", {}).items():
        changes["options"] = options(account)
    if changes:
        identity.send("PATCH", f"/users/{user['id']}", {"user": changes})
    return f"{account.name}: {', '.join(changes)}" if changes else ""


def accepted(url: str, account: Account) -> bool:
    """Whether Keystone accepts an account's present password.

    Raises:
        IdentityError: Keystone does not answer.
    """
    try:
        here(url).log_in(account)
    except IdentityError as error:
        if error.refused:
            return False
        raise
    return True


def main() -> int:
    """0 when both accounts are as they must be."""

    def work(identity: Identity) -> list[str]:
        # The administrator first, because it can be locked until it has its options.
        return [reconcile(identity, ADMIN, True), reconcile(identity, PROBE, accepted(sys.argv[1], PROBE))]

    code: int = as_administrator(work, "the accounts are up to date")
    return code


if __name__ == "__main__":
    sys.exit(main())
