"""A few calls of Keystone's API, and of other APIs with its tokens. It uses the standard library, because the command line client
takes seconds to start.

A token for a password costs a bcrypt hash, which is expensive by design: a third of a second of a processor. `Kept` keeps one.
"""

from __future__ import annotations

import copy
import http
import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

DOMAIN = {"id": "default"}


@dataclass(frozen=True)
class Account:
    """A user whose password Hacienda makes, in the domain `default`.

    Args:
        name: the user's name.
        file: this node's file with the password.
        project: scope of its tokens; empty: tokens without scope, which a user without a role gets too.
        description: the user's description in Keystone.
    """

    name: str
    file: Path
    project: str = ""
    description: str = ""

    @property
    def password(self) -> str:
        """The password that this node has."""
        return self.file.read_text().strip()


class IdentityError(Exception):
    """An API refused a request or did not answer.

    Args:
        text: the request and its result.
        refused: whether the API itself refused; otherwise none answered, or it failed.
    """

    def __init__(self, text: str, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class Identity:
    """A session of one account.

    Args:
        url: the API's URL, Keystone's with its version: `https://...:5000/v3`.
        authority: file with the certificates that are trusted there.
        timeout: seconds for each call.
        token: a token that the account has already.
        headers: further headers of each request.
    """

    def __init__(
        self,
        url: str,
        authority: str,
        timeout: float = 30.0,
        token: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._headers = headers
        self._url = url
        self._timeout = timeout
        self._tls = ssl.create_default_context(cafile=authority)
        self._token = token

    def using(self, token: str) -> Identity:
        """The same API, with another token."""
        other = copy.copy(self)
        other._token = token
        return other

    def log_in(self, account: Account) -> str:
        """Get a token with the account's password, and return it."""
        user = {"name": account.name, "domain": DOMAIN, "password": account.password}
        project = {"project": {"name": account.project, "domain": DOMAIN}}
        request = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": project if account.project else "unscoped",
            }
        }
        _, headers = self._call("POST", "/auth/tokens", request)
        self._token = str(headers["X-Subject-Token"])
        return self._token

    def validate(self, token: str) -> None:
        """Raise IdentityError if a token is not valid here; the token itself authenticates the request."""
        self._call("GET", "/auth/tokens", None, {"X-Subject-Token": token, "X-Auth-Token": token})

    def get(self, path: str) -> Any:
        """The answer to a GET."""
        return self._call("GET", path, None)[0]

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a request that changes something."""
        return self._call(method, path, body)[0]

    def _call(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str] | None = None
    ) -> tuple[Any, Any]:
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "X-Auth-Token": self._token,
                **self._headers,
                **(headers or {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout, context=self._tls) as answer:
                return json.loads(answer.read() or b"null"), answer.headers
        except urllib.error.HTTPError as error:
            refused = error.code < http.HTTPStatus.INTERNAL_SERVER_ERROR
            raise IdentityError(f"{method} {self._url}{path}: {error.code} {error.reason}", refused) from error
        except OSError as error:
            raise IdentityError(f"{method} {self._url}{path}: {getattr(error, 'reason', error)}") from error


class Kept:
    """A token of an account that several runs of a script use.

    Args:
        keystone: issues tokens.
        account: whose token it is.
        file: where root keeps it, with the account's name: another password comes with another user.
    """

    SECONDS = 300.0
    """A token is valid for an hour or more, so this is less. keystone's own verify.sh asks for a new one twice a minute."""

    def __init__(self, keystone: Identity, account: Account, file: Path) -> None:
        self._keystone = keystone
        self._account = account
        self._file = file

    def get(self, identity: Identity, path: str = "") -> Any:
        """The answer of another API to a GET with the kept token, or with a new one if the API refuses that."""
        known = self._known()
        if known:
            try:
                return identity.using(known).get(path)
            except IdentityError as error:
                if not error.refused:
                    raise
        return identity.using(self._new()).get(path)

    def _known(self) -> str:
        try:
            owner, _, known = self._file.read_text().partition("\n")
            young = time.time() - self._file.stat().st_mtime < self.SECONDS
        except FileNotFoundError:
            return ""
        return known if young and owner == self._account.name else ""

    def _new(self) -> str:
        issued = self._keystone.log_in(self._account)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{self._account.name}\n{issued}")
        return issued
