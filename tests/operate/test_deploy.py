"""What the provider's refusal looks like in Terraform's output."""

from __future__ import annotations

import pytest

from hacienda.operate.deploy import refusal_of

PLAIN = """\
terraform plan failed in /srv (exit code 1):
Planning failed. Terraform encountered an error while generating this plan.

╷
│ Error: ctl-2 must not leave: etcd, galera and rabbitmq would lose the
│ quorum
│
│   with hacienda_member.ctl-2,
│
│ Nothing was touched. In this plan: ctl-2 (to be deleted), ctl-3 (to be deleted).
╵
"""
COLOURED = PLAIN.replace("│", "\x1b[31m│\x1b[0m\x1b[0m").replace(
    "Error:", "\x1b[1m\x1b[31mError: \x1b[0m\x1b[0m\x1b[1m"
)


@pytest.mark.parametrize("text", [PLAIN, COLOURED], ids=["plain", "coloured"])
def test_a_refusal_is_told_in_the_provider_s_words(text: str) -> None:
    told = refusal_of(text)
    assert told.startswith("ctl-2 must not leave: etcd, galera and rabbitmq would lose the\nquorum")
    assert "│" not in told and "\x1b" not in told


@pytest.mark.parametrize("text", ["", "Error: no such file", "terraform plan was interrupted"])
def test_other_failures_are_none(text: str) -> None:
    assert refusal_of(text) == ""
