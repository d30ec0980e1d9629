"""Secrets of a whole cloud are rotated while a tenant works: nobody is refused."""

from __future__ import annotations

import time

import pytest

from tests.lab.clients import SqlWriter
from tests.lab.cloud import Lab
from tests.lab_full.tenancy import Tenancy, at_work
from tests.lab_full.test_drills import GOES_ON_WITHIN, measured, whole

pytestmark = pytest.mark.long

PASSWORDS = ("database/*", "identity/*", "messaging/*", "storage/*")
"""Every account of a service. The administrator's password, with which the tenant is removed later, rotates in tests/lab."""


@pytest.mark.parametrize(
    ("what", "chosen"), [("accounts of all services", PASSWORDS), ("certificates", ("--kind", "leaf"))]
)
def test_secrets_rotate_while_a_tenant_works(
    healthy: Lab, tenancy: Tenancy, writer: SqlWriter, what: str, chosen: tuple[str, ...]
) -> None:
    before = dict(healthy.store)
    healthy.hacienda("secrets", "rotate", healthy.environment, *chosen)
    rotated = {name for name, value in healthy.store.items() if before.get(name) != value}
    assert rotated, "nothing was rotated"
    # The drill's user of the message queue is none of a service's, so a rotation removes it.
    with at_work(tenancy, writer, None, healthy.apis()) as work:
        began = time.monotonic()
        healthy.hacienda("apply", healthy.environment, "--yes", timeout=2400)
        healthy.note(f"{what} rotated: apply", time.monotonic() - began)
        work.all_go_on(GOES_ON_WITHIN)
    refused = [failure for felt in work.calls.values() for failure in felt.failures]
    print(
        f"{what}: {len(rotated)} secrets; refused: {refused}, rows {work.rows.failures}, blocks {work.blocks.failures}"
    )
    assert refused == []
    measured(healthy, f"{what} rotated", work)
    whole(healthy, f"{what} rotated", tenancy, writer, None, work)
