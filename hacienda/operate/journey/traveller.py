"""What the steps of a journey share: connections, names, and what earlier steps made."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from hacienda.cloud import Cloud
from hacienda.operate.journey import faults
from hacienda.operate.journey.faults import StepError
from hacienda.operate.journey.image import Image

if TYPE_CHECKING:
    from openstack.connection import Connection

    from hacienda.operate.journey.access import Access

Found = TypeVar("Found")

PREFIX = "hacienda-verify"
"""First part of the names of everything that a journey makes."""

PAUSE = 0.5
"""Seconds between two questions while a step waits."""


@dataclass
class Traveller:
    """A journey under way.

    Args:
        cloud: the cloud.
        access: signs in.
        admin: the administrator's connection.
        run: first part of the names of what this journey makes.
        image: what to boot.
        says: called with what the present step waits for.
        user_password: the tenant's password, made for this journey.
        tenant: the tenant's connection, from the step that makes its project.
        made: what earlier steps made, by the word that steps use for it.
        facts: what the report hands on.
    """

    cloud: Cloud
    access: Access
    admin: Connection
    run: str
    image: Image
    says: Callable[[str], None]
    user_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    tenant: Connection | None = None
    made: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def own(self) -> Connection:
        """The tenant's connection."""
        if self.tenant is None:
            raise LookupError("no step has made the tenant")
        return self.tenant

    @property
    def identity(self) -> Any:
        """Keystone, version 3, as the administrator. The SDK's types leave its version open."""
        return self.admin.identity

    def name(self, what: str) -> str:
        """Name of something that the journey makes."""
        return f"{self.run}-{what}"

    def wait(
        self, what: str, ask: Callable[[], Found], done: Callable[[Found], bool], seconds: float, fix: str = ""
    ) -> Found:
        """Ask until the answer is as wanted; returns it. An API that fails meanwhile is asked again.

        Args:
            what: what is waited for, as a beginning of "... after 60 s".
            ask: the question.
            done: whether an answer is the wanted one.
            seconds: patience.
            fix: what to do if it does not come.

        Raises:
            StepError: it did not come in time.
        """
        began = time.monotonic()
        while True:
            said = ""
            try:
                if done(found := ask()):
                    return found
            except Exception as error:
                if not faults.is_momentary(error):
                    raise
                fault = faults.describe(error)
                said = f": {fault.what}" if fault else ""
            passed = time.monotonic() - began
            if passed > seconds:
                raise StepError(f"{what} after {passed:.0f} s{said}", fix)
            time.sleep(PAUSE)
