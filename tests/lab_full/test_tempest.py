"""Tempest's smoke set, through the public virtual IP. Each failure and each skip is explained in tests/tempest/known.yaml."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from hacienda.operate import Project
from tests.lab.cloud import Lab
from tests.tempest import lending, machine, settings, verdict

KNOWN = Path(verdict.__file__).with_name("known.yaml")


@pytest.mark.long
def test_the_smoke_set_passes_but_for_what_is_explained(healthy: Lab) -> None:
    project = Project(healthy.root)
    cloud = project.read(healthy.environment)
    known = verdict.Known.read(KNOWN)
    with lending.loan(project, cloud) as loan, machine.started(healthy.root, cloud) as tempest:
        tempest.set_up(settings.render(cloud, loan.lent), loan.authorities, loan.addresses)
        assert tempest.validation() == ""
        listed = tempest.smoke()
        began = time.monotonic()
        outcomes = tempest.run(listed)
        healthy.note(f"tempest, {len(listed)} tests of the smoke set", time.monotonic() - began)
        left = loan.left()
    assert not [test for test, outcome in outcomes.items() if loan.lent.password in outcome.said]
    print(dict(Counter(outcome.state for outcome in verdict.of_each(listed, outcomes).values())))
    for test, outcome in outcomes.items():
        if outcome.state != verdict.PASSED:
            print(f"\n{test}: {outcome.state}, {outcome.seconds:.0f} s\n{outcome.said}")
    complaints = verdict.complaints(listed, outcomes, known)
    assert not complaints, "\n".join(complaints)
    assert not left, f"Tempest left in the cloud: {left}"
