"""Accounts: what one service has at another one is declared twice, and the two declarations have to fit."""

from __future__ import annotations

from typing import Any

import pytest

from hacienda.declare import Account, AccountKind, DeclarationError, Registry, Script, Service

VERIFY, RECONCILE = Script("verify.sh"), Script("reconcile.sh")


def service(name: str, **declared: Any) -> Service:
    return Service(name=name, title=name, roles=("controller",), verify=VERIFY, **declared)


def owner(*kinds: AccountKind, **declared: Any) -> Service:
    given = {"provides": ("identity",), "reconcile": RECONCILE, **declared}
    return service("owner", hands_out=kinds, **given)


def client(*accounts: Account, name: str = "client") -> Service:
    return service(name, accounts=accounts, requires=("identity",))


KIND = AccountKind("identity", takes=("roles",), renames=True)
PLAIN = AccountKind("database")


def test_the_secrets_of_an_account_follow_from_its_user() -> None:
    account = Account("identity", "nova_cell0", owner="nova", roles=("service",))
    assert KIND.secrets(account) == ("identity/nova", "identity/nova.user")
    assert PLAIN.secrets(account) == ("identity/nova",)


def test_a_client_starts_after_who_hands_out_its_account() -> None:
    registry = Registry((client(Account("database", "one")), owner(PLAIN)))
    assert registry.names() == ("owner", "client")
    assert registry.owner("database").name == "owner"
    assert registry.account_kind("database") is PLAIN


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ((client(Account("databse", "one")), owner(PLAIN)), "'databse'; did you mean 'database'.*which no service hands out"),
        ((owner(PLAIN, reconcile=None),), "has no reconcile script"),
        ((owner(AccountKind("storage", takes=("role",))),), "takes 'role'; did you mean 'roles'"),
        ((owner(PLAIN), service("other", hands_out=(PLAIN,), reconcile=RECONCILE)), "both hand out"),
        ((client(Account("identity", "one")), owner(KIND)), "needs `roles`"),
        ((client(Account("database", "one", roles=("service",))), owner(PLAIN)), "takes no `roles`"),
        ((client(Account("database", "../one")), owner(PLAIN)), "has an invalid name"),
        ((client(Account("database", "one", owner="A")), owner(PLAIN)), "has an invalid name"),
        ((service("client", accounts=(Account("database", "one"),)), owner(PLAIN)), "require one of its capabilities"),
        (
            (
                client(Account("database", "one", owner="two")),
                client(Account("database", "one"), name="late"),
                owner(PLAIN),
            ),
            "late: the account 'one' of the kind 'database' differs from its declaration by client",
        ),
    ],
    ids=["kind", "reconcile", "takes", "two owners", "needs", "takes no", "name", "user", "requires", "otherwise"],
)  # fmt: skip
def test_what_does_not_fit_is_refused(declared: tuple[Service, ...], reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        Registry(declared)


def test_two_services_may_have_one_account() -> None:
    """Several daemons of one project."""
    shared = Account("identity", "nova", roles=("service",))
    assert Registry((client(shared), client(shared, name="late"), owner(KIND))).names() == ("owner", "client", "late")
