"""The closed forms, and the check value that they must give."""

from __future__ import annotations

import pytest

from hacienda.assess.availability import Rate, minutes_per_year
from tests.assess.availability.formulas import at_least, group, parallel, series


def test_series_and_parallel() -> None:
    assert series([0.9, 0.8]) == pytest.approx(0.72)
    assert parallel([0.9, 0.8]) == pytest.approx(0.98)


def test_k_of_n_has_series_and_parallel_as_its_ends() -> None:
    assert at_least(3, 3, 0.1) == pytest.approx(1 - series([0.9] * 3))
    assert at_least(1, 3, 0.1) == pytest.approx(1 - parallel([0.9] * 3))
    assert at_least(2, 3, 0.1) == pytest.approx(3 * 0.1**2 * 0.9 + 0.1**3)


def test_the_check_value() -> None:
    """2 of 3, 8760 h / 8 h, beta .05, c .95, failover 10 s, by hand 1 h: about 28 minutes a year, mostly beta."""
    found = group(2, 3, Rate(8760, 8, ""), common_cause=0.05, coverage=0.95, failover_seconds=10, manual_hours=1)
    assert minutes_per_year(found) == pytest.approx(28.3, abs=0.1)
    shared = 0.05 * Rate(8760, 8, "").unavailability
    assert minutes_per_year(shared) == pytest.approx(24.0, abs=0.1)


@pytest.mark.parametrize(
    ("percent", "minutes"), [(99.0, 3.65 * 1440), (99.9, 8.77 * 60), (99.99, 52.6), (99.999, 5.26)]
)
def test_the_published_table(percent: float, minutes: float) -> None:
    """The table's 8.77 h are of a year of 365.25 days; ours has 365."""
    assert minutes_per_year(1 - percent / 100) == pytest.approx(minutes, rel=0.0015)


def test_a_rate_is_its_share_of_the_time() -> None:
    assert Rate(8760, 8, "").unavailability == pytest.approx(8 / 8768)
    assert minutes_per_year(1) == 365 * 24 * 60
