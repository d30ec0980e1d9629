"""Tempest's smoke set, through the public virtual IP. Each failure and each skip is explained in tests/tempest/known.yaml."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from hacienda.operate import Project
from tests.lab.cloud import Lab
from tests.tempest import machine, settings, tenancy, verdict

KNOWN = Path(verdict.__file__).parent / "known.yaml"


def test_the_smoke_set_passes_but_for_what_is_explained(full: Lab) -> None:
    project = Project(full.root)
    cloud = project.read(full.environment)
    known = verdict.Known.read(KNOWN)
    with tenancy.begun(project, cloud) as tenant, machine.started(full.root, cloud) as tempest:
        tempest.set_up(settings.render(cloud, tenant.lent), tenant.authorities, tenant.addresses)
        assert tempest.validation() == ""
        listed = tempest.smoke()
        began = time.monotonic()
        outcomes = tempest.run(listed)
        full.note(f"tempest, {len(listed)} tests of the smoke set", time.monotonic() - began)
        left = tenant.left()
    assert not [test for test, outcome in outcomes.items() if tenant.lent.password in outcome.said]
    each = verdict.of_each(listed, outcomes)
    print(dict(Counter(outcome.state for outcome in each.values())))
    for test, outcome in outcomes.items():
        if outcome.state != verdict.PASSED:
            print(f"\n{test}: {outcome.state}, {outcome.seconds:.0f} s\n{outcome.said}")
    complaints = verdict.complaints(listed, outcomes, known)
    assert not complaints, "\n".join(complaints)
    assert not left, f"Tempest left in the cloud: {left}"
