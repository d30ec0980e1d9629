#!/usr/bin/python3
"""Creates, corrects and removes the users of services as declared. Arguments: Keystone's URL, the folder with a file for each
account, the folder of the users' present names and passwords, and `--retire` to remove former users.

A user has only one password, so a new password comes with a new user, such as `glance-1f0c9a2e`. Both users have the same roles in
the project `service` until --retire. A user of Hacienda's that is no longer declared is removed at once.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts import accepted, reconcile
from identity import DOMAIN, Account, Identity
from own import as_administrator

PROJECT = "service"
DESCRIPTION = "A service of the cloud; Hacienda makes and removes this user"
"""Distinguishes Hacienda's users from those that an operator put into the same project."""
_PRESENT = re.compile(r"(.+)-[0-9a-f]{8}")


@dataclass(frozen=True)
class Declared:
    """A declared user.

    Args:
        owner: its name without the part that changes with the password.
        account: its present name and the file of its password.
        roles: names of its roles in the project `service`.
    """

    owner: str
    account: Account
    roles: frozenset[str]


def declared(folder: Path, secrets: Path) -> list[Declared]:
    """The users that the files in a folder declare, one in each; a user of two accounts has the roles of both."""
    roles: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*.json")):
        said = json.loads(path.read_text())
        roles.setdefault(said["user"], set()).update(said["roles"])
    return [
        Declared(
            owner,
            Account((secrets / f"{owner}.user").read_text().strip(), secrets / owner, PROJECT, DESCRIPTION),
            frozenset(named),
        )
        for owner, named in roles.items()
    ]


def users(identity: Identity, url: str, wanted: Iterable[Declared], retire: bool) -> list[str]:
    """Create, correct and remove users; returns what was done."""
    listed = list(wanted)
    project, changes = _named(identity, "project", PROJECT, domain_id=DOMAIN["id"])
    roles: dict[str, str] = {}
    for name in sorted({role for one in listed for role in one.roles}):
        roles[name], made = _named(identity, "role", name)
        changes += made
    for one in listed:
        changes.append(reconcile(identity, one.account, accepted(url, one.account)))
        changes += _assign(identity, project, one, roles)
    changes += _remove(identity, project, listed, retire)
    return [change for change in changes if change]


def _named(identity: Identity, kind: str, name: str, **more: str) -> tuple[str, list[str]]:
    """The id of the project or role of that name, and what was done. A missing one is created."""
    filters = "".join(f"&{key}={value}" for key, value in more.items())
    found = identity.get(f"/{kind}s?name={name}{filters}")[f"{kind}s"]
    if found:
        return str(found[0]["id"]), []
    made = identity.send("POST", f"/{kind}s", {kind: {"name": name, **more}})
    return str(made[kind]["id"]), [f"{kind} {name}"]


def _assign(identity: Identity, project: str, one: Declared, roles: dict[str, str]) -> list[str]:
    """Give a user exactly the declared roles in the project."""
    (user,) = identity.get(f"/users?name={one.account.name}&domain_id={DOMAIN['id']}")["users"]
    has = _assigned(identity, project, f"&user.id={user['id']}")
    wanted = {roles[name] for name in one.roles}
    present = {entry["role"]["id"] for entry in has}
    for role in sorted(wanted - present):
        identity.send("PUT", f"/projects/{project}/users/{user['id']}/roles/{role}")
    for role in sorted(present - wanted):
        identity.send("DELETE", f"/projects/{project}/users/{user['id']}/roles/{role}")
    return [] if wanted == present else [f"{one.account.name}: roles {', '.join(sorted(one.roles))}"]


def _assigned(identity: Identity, project: str, more: str = "") -> list[dict[str, Any]]:
    """Roles of users in the project. Roles of groups are the operator's."""
    found = identity.get(f"/role_assignments?scope.project.id={project}&include_names=true{more}")["role_assignments"]
    return [entry for entry in found if "user" in entry]


def _remove(identity: Identity, project: str, listed: list[Declared], retire: bool) -> list[str]:
    """Remove Hacienda's users that are not declared, and with `retire` former users of the declared ones."""
    owners, present = {one.owner for one in listed}, {one.account.name for one in listed}
    removed = []
    for name, user in sorted({(entry["user"]["name"], entry["user"]["id"]) for entry in _assigned(identity, project)}):
        matched = _PRESENT.fullmatch(name)
        if matched is None or name in present or (matched[1] in owners and not retire):
            continue
        if identity.get(f"/users/{user}")["user"].get("description") == DESCRIPTION:
            identity.send("DELETE", f"/users/{user}")
            removed.append(f"removed {name}")
    return removed


def main() -> int:
    """0 when every user is as declared."""
    url, folder, secrets, *more = sys.argv[1:]

    def work(identity: Identity) -> list[str]:
        return users(identity, url, declared(Path(folder), Path(secrets)), "--retire" in more)

    code: int = as_administrator(work, "the users of services are up to date")
    return code


if __name__ == "__main__":
    sys.exit(main())
