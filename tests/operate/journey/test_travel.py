"""A journey's steps, and that nothing stays behind: after a failure, Ctrl-C, a defect and a killed run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hacienda.cloud import Cloud
from hacienda.errors import InputError
from hacienda.operate import Project
from hacienda.operate.journey import sweep
from hacienda.operate.journey.faults import StepError
from hacienda.operate.journey.itinerary import STEPS
from hacienda.operate.journey.report import Observer, Outcome, Report
from hacienda.operate.journey.travel import Step, _alone, clean, walk
from hacienda.operate.journey.traveller import Traveller
from tests.operate.journey import stand_in


def states(report: Report) -> dict[str, str]:
    return {one.step: one.state for one in report.outcomes}


def test_what_the_cloud_has_is_done_and_the_rest_is_left_out(traveller: Traveller, apis: stand_in.Cloud) -> None:
    cloud = traveller.cloud
    traveller.cloud = replace(cloud, registry=cloud.registry)
    report = walk(traveller, _without_sign_in(), Observer(), keep=False)
    done = {step for step, state in states(report).items() if state == "done"}
    assert done == {"leftovers", "project and user", "quota", "image", "clean-up"}
    assert report.well
    reasons = {one.step: one.what for one in report.outcomes if one.state == "left out"}
    assert reasons["flavor"] == "the environment has no service for: instances"
    assert reasons["volume"] == "the environment has no service for: block storage"
    assert apis.names() == []


def _without_sign_in() -> tuple[Step, ...]:
    """The steps, but for the one that compares the stand-in's catalogue with the services of a whole cloud."""
    drop = {"sign in"}
    return tuple(
        replace(one, after=tuple(name for name in one.after if name not in drop))
        for one in STEPS
        if one.name not in drop
    )


def test_the_image_refers_to_its_kernel_and_ramdisk(traveller: Traveller, apis: stand_in.Cloud) -> None:
    walk(traveller, _without_sign_in(), Observer(), keep=True)
    images = {one["disk_format"]: one for one in apis.things["images"].values()}
    assert images["raw"]["kernel_id"] == images["aki"]["id"]
    assert images["raw"]["ramdisk_id"] == images["ari"]["id"]
    assert images["raw"]["os_command_line"] == "quiet"
    assert len(apis.names()) == 5


def test_a_catalogue_that_lacks_a_service_ends_the_journey(traveller: Traveller, apis: stand_in.Cloud) -> None:
    report = walk(traveller, STEPS, Observer(), keep=False)
    first = report.outcomes[0]
    assert (first.state, first.fix) == ("failed", "Run: hacienda apply small")
    assert "placement" in first.what
    assert states(report)["project and user"] == "not tried"
    assert not report.well
    assert apis.names() == []


def test_a_failure_says_which_api_refused_and_why_and_is_cleaned_up(traveller: Traveller, apis: stand_in.Cloud) -> None:
    apis.refusals["POST", "/images"] = (403, "You are not authorized to complete this action.")
    report = walk(traveller, _without_sign_in(), Observer(), keep=False)
    failed = next(one for one in report.outcomes if one.state == "failed")
    assert failed.step == "image"
    assert failed.what.startswith(
        f"POST https://{stand_in.NAME}:{apis.port}/image/v2/images: 403 Forbidden: You are not"
    )
    assert "journalctl | grep req-7" in failed.fix
    assert states(report)["clean-up"] == "done"
    assert apis.names() == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_ctrl_c_and_a_defect_are_cleaned_up(
    error: type[BaseException], traveller: Traveller, apis: stand_in.Cloud
) -> None:
    def stop(_: Traveller) -> str:
        assert len(apis.names()) == 2
        raise error

    ended: list[str] = []
    observer = Observer()
    observer.ended = lambda outcome: ended.append(outcome.step)  # type: ignore[method-assign]
    steps = (*_without_sign_in()[:2], Step("stop", stop))
    with pytest.raises(error):
        walk(traveller, steps, observer, keep=False)
    assert ended[-1] == "clean-up"
    assert apis.names() == []


def test_what_cannot_be_removed_is_named_and_its_project_stays(traveller: Traveller, apis: stand_in.Cloud) -> None:
    apis.refusals["DELETE", "/images/"] = (409, "The image is in use.")
    report = walk(traveller, _without_sign_in(), Observer(), keep=False)
    last = report.outcomes[-1]
    assert (last.step, last.state) == ("clean-up", "failed")
    assert last.what.startswith("3 left behind")
    assert all("409 Conflict: The image is in use." in line for line in last.detail)
    assert "hacienda verify small --clean" in last.fix
    assert len(apis.names()) == 5
    apis.refusals.clear()
    traveller.run = "hacienda-verify-abcdef-1700000009"
    assert sweep.others(traveller) == "removed: 3 images, 1 user, 1 project"
    assert apis.names() == []


def test_only_journeys_that_are_over_are_removed(traveller: Traveller, apis: stand_in.Cloud) -> None:
    now = float(traveller.run.rpartition("-")[2])
    kept = (
        "somebody",
        f"hacienda-verify-123456-{int(now)}-tenant",
        f"{traveller.run}-tenant",
        "hacienda-verify-tenant",
    )
    gone = (f"hacienda-verify-abcdef-{int(now) - 5}-tenant", f"hacienda-verify-123456-{int(now) - 9000}-tenant")
    for name in (*kept, *gone):
        apis.add("projects", name)
    removed = sweep.Sweep(traveller, sweep.over(traveller, now))
    removed.run()
    assert apis.names() == sorted(kept)
    assert dict(removed.removed) == {"project": 2}


def test_a_sweep_of_another_prefix_leaves_journeys_alone(traveller: Traveller, apis: stand_in.Cloud) -> None:
    kept = ("tempest", "contempest-1", f"{traveller.run}-tenant")
    for name in (*kept, "tempest-ServersTest-1234"):
        apis.add("projects", name)
    assert sweep.remove(sweep.Sweep(traveller, lambda name: True, "tempest-")) == "removed: 1 project"
    assert apis.names() == sorted(kept)


def test_an_api_that_fails_for_a_moment_is_asked_again(traveller: Traveller, apis: stand_in.Cloud) -> None:
    apis.refusals["GET", "/images"] = (500, "The database is away.")

    def ask() -> list[object]:
        try:
            return list(traveller.admin.image.images())
        finally:
            apis.refusals.clear()

    assert traveller.wait("no list", ask, lambda found: found == [], 30) == []
    apis.refusals["GET", "/images"] = (500, "The database is away.")
    with pytest.raises(StepError, match=r"no list after \d+ s: GET https://.*: 500 .*: The database is away."):
        traveller.wait("no list", lambda: list(traveller.admin.image.images()), lambda found: found == [], 0)


def test_what_was_made_without_an_answer_is_removed(traveller: Traveller, apis: stand_in.Cloud) -> None:
    def lost(traveller: Traveller) -> str:
        apis.add("projects", traveller.name("tenant"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        walk(traveller, (Step("project", lost),), Observer(), keep=False)
    assert apis.names() == []


def test_a_step_after_one_that_was_left_out_is_left_out(traveller: Traveller) -> None:
    def nothing(_: Traveller) -> str:
        return "nothing"

    steps = (Step("first", nothing, ("instances",)), Step("second", nothing, (), ("first",)))
    report = walk(traveller, steps, Observer(), keep=False)
    assert states(report) == {"first": "left out", "second": "left out"}
    assert report.outcomes[1].what == "needs the step: first"


def test_only_one_journey_runs_at_a_time(tmp_path: Path, cloud: Cloud) -> None:
    with (
        _alone(tmp_path),
        pytest.raises(InputError, match="under way"),
        _alone(tmp_path),
    ):
        raise AssertionError("two at once")
    with _alone(tmp_path):
        pass


def test_a_cloud_without_secrets_is_an_input_error(tmp_path: Path, cloud: Cloud) -> None:
    with pytest.raises(InputError, match="secret"):
        clean(Project(tmp_path), cloud)


def test_the_report_for_programs_has_every_step() -> None:
    outcomes = (Outcome("boot", "failed", "no host", "look", 1.26, ("line",)), Outcome("SSH", "left out", "no user"))
    document = Report("lab", "run", outcomes, {"address": "10.0.0.1"}).document()
    assert document["well"] is False
    assert document["steps"][0] == {
        "step": "boot",
        "state": "failed",
        "what": "no host",
        "fix": "look",
        "seconds": 1.3,
        "detail": ["line"],
    }
