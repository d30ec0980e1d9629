"""What is accepted is shown and does not count; the day after, it does."""

from __future__ import annotations

from datetime import date

import pytest

from hacienda.assess import Finding, findings
from tests.assess.cases import accepting
from tests.assess.samples import Change, on, subject

LINE = "{rule: TIME, reason: there is a clock in the rack, until: 2026-06-30}"
FEW = "time: {servers: [ntp.example.org]}\n"


def told(change: Change, rule: str) -> list[Finding]:
    return [finding for finding in findings(subject(change)) if finding.rule == rule]


def few(entry: str = LINE) -> Change:
    """One time source, accepted."""
    return Change(text=accepting(entry).text, add=FEW)


def test_until_its_last_day_it_is_accepted() -> None:
    [finding] = told(on(date(2026, 6, 30), few()), "TIME")
    assert finding.accepted
    assert str(finding).endswith("\n  Accepted until 2026-06-30: there is a clock in the rack")


def test_the_day_after_it_counts_again_and_says_so() -> None:
    [finding] = told(on(date(2026, 7, 1), few()), "TIME")
    assert not finding.accepted
    assert "It was accepted until 2026-06-30, which has passed: there is a clock in the rack" in str(finding)
    assert str(finding).endswith("See `hacienda explain TIME`.")


def test_an_accepted_error_does_not_fail_a_check() -> None:
    entry = "{rule: TIMERS, reason: the database answers within a second, until: 2026-06-30}"
    change = Change(text=accepting(entry).text, add="services: {door: {patience: 5}}\n")
    [before] = told(change, "TIMERS")
    [after] = told(on(date(2026, 7, 1), change), "TIMERS")
    assert (before.severity, before.fails, after.fails) == ("error", False, True)


@pytest.mark.parametrize(
    ("concerns", "accepted"), [("ctl-1", False), ("tenant", True), ("networks.tenant", True), ("storage", False)]
)
def test_it_may_concern_one_thing(concerns: str, accepted: bool) -> None:
    entry = f"{{rule: LINK, concerns: {concerns}, reason: there is only one switch, until: 2026-06-30}}"
    bond = "vlan: 40, bond: {mode: 802.3ad, nics: [ens1, ens2]}"
    change = Change(text=((bond, "vlan: 40"), *accepting(entry).text))
    [finding] = told(change, "LINK")
    assert finding.accepted is accepted
    assert bool(told(change, "ACCEPT")) is not accepted


def test_of_two_entries_the_longer_one_holds() -> None:
    later = "{rule: TIME, concerns: time.servers, reason: and a second one beside it, until: 2026-12-31}"
    [finding] = told(on(date(2026, 7, 1), few(f"{LINE}, {later}")), "TIME")
    assert finding.acceptance is not None
    assert finding.acceptance.reason == "and a second one beside it"


def test_an_entry_that_never_ends_is_told() -> None:
    [finding] = told(few(LINE.replace("2026-06-30", "2099-12-31")), "ACCEPT")
    assert finding.reason == "TIME is accepted until 2099-12-31: nobody will review it before."


def test_what_is_accepted_comes_last() -> None:
    found = findings(subject(Change(text=few().text, add=f"{FEW}services: {{holder: {{interval: 0.05}}}}\n")))
    assert [finding.rule for finding in found] == ["PACE", "BACKUP", "TIME"]
