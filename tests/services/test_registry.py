"""The registry: a service is a module, a template folder, a test file and a docs page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloudinit import programs
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import Service, Template
from hacienda.review.validation.checkers import CHECKERS
from tests.services import composed

ROOT = Path(__file__).parents[2]
NAMES = services.registry().names()


def everywhere(name: str) -> tuple[Service, ...]:
    """The service, and what stands for it on arbiters."""
    service = services.registry()[name]
    return service, service.on("arbiter")


@pytest.mark.parametrize("name", NAMES)
def test_each_service_has_its_four_parts(name: str) -> None:
    assert (services.TEMPLATES / name).is_dir()
    assert (ROOT / f"tests/services/test_{name.replace('-', '_')}.py").is_file()
    assert (ROOT / f"docs/services/{name}.md").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_its_page_names_its_options_or_says_that_there_are_none(name: str) -> None:
    page = (ROOT / f"docs/services/{name}.md").read_text()
    options = {option for option in services.registry()[name].options.model_fields if option != "overrides"}
    assert {option for option in options if f"`{option}`" not in page} == set()
    assert bool(options) != ("Options: none" in page)


@pytest.mark.parametrize("name", NAMES)
def test_every_template_names_its_checker(name: str) -> None:
    templates = [file for one in everywhere(name) for file in one.files if isinstance(file, Template)]
    assert {file.checker for file in templates} <= CHECKERS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_in_the_folder_is_used(name: str) -> None:
    folder, used = services.TEMPLATES / name, set[str]()
    for service in everywhere(name):
        used |= {t.source or f"{Path(t.path).name}.j2" for t in service.files if isinstance(t, Template)}
        used |= {script.source or script.name for script in service.all_scripts()}
    assert {str(path.relative_to(folder)) for path in composed.sources(name)} == {
        source for source in used if not source.startswith("../")
    }


@pytest.mark.parametrize("name", NAMES)
def test_leaves_are_asked_for_once(name: str) -> None:
    for service in everywhere(name):
        certificates = service.certificates
        assert len({file.name(service.name) for file in certificates}) == len(certificates)
        assert len({file.directory for file in certificates}) == len(certificates)


def kept_running(name: str, tmp_path: Path) -> dict[str, RenderedFile]:
    """The service's scripts that its units keep running, and those that these read when they start."""
    cloud, own = composed.cloud(tmp_path, composed.TWO_NODE + composed.CHOSEN), f"{programs.LIB}/{name}/"
    kept = {}
    for node in (cloud.members(name)[0], cloud.members(name)[-1]):
        service, found = cloud.registry[name].on(node.role), composed.rendered(cloud, name, node.name)
        units = [file.text for path, file in found.items() if Path(path).name in service.units]
        running = {script for text in units for script in re.findall(rf"^ExecStart=({own}\S+)", text, re.MULTILINE)}
        read = {path for script in running for path in re.findall(rf"^\. ({own}\S+)", found[script].text, re.MULTILINE)}
        kept.update({path: found[path] for path in running | read})
    return kept


@pytest.mark.parametrize("name", NAMES)
def test_a_script_that_a_daemon_runs_says_what_its_change_asks_for(name: str, tmp_path: Path) -> None:
    assert [path for path, file in kept_running(name, tmp_path).items() if file.on_change == "none"] == []


@pytest.mark.parametrize("name", ["galera", "haproxy", "rabbitmq"])
def test_scripts_that_daemons_run_are_found(name: str, tmp_path: Path) -> None:
    assert kept_running(name, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_member_that_votes_is_asked_before_it_stops(name: str) -> None:
    """hacienda-converge looks for a script of that name, and restarts without one where there is none."""
    converge = (services.TEMPLATES.parents[1] / "cloudinit/node/converge.sh").read_text()
    assert "-x $LIB/$service/may-stop.sh" in converge
    for service in everywhere(name):
        asked = {script.name for script in service.all_scripts()} & {"may-stop.sh"}
        assert bool(asked) or not service.voters


@pytest.mark.parametrize("name", NAMES)
def test_a_member_with_copies_is_asked_before_it_stops_and_waited_for_afterwards(name: str) -> None:
    """hacienda-converge looks for scripts of these names, and restarts without them where there are none."""
    converge = (services.TEMPLATES.parents[1] / "cloudinit/node/converge.sh").read_text()
    assert "-x $LIB/$service/settled.sh" in converge
    counted = {
        kept.held_by or service.name
        for service in services.registry()
        for kept in service.redundancy
        if kept.domain is not None
    }
    scripts = {script.name for script in services.registry()[name].all_scripts()}
    assert name not in counted or {"may-stop.sh", "settled.sh"} <= scripts
    assert {"ceph-osd", "ovn-chassis"} <= counted


@pytest.mark.parametrize("name", NAMES)
def test_what_drains_a_service_can_do_so_and_undo_it(name: str) -> None:
    capability = services.registry()[name].drained_by
    if capability is None:
        return
    leave = services.TEMPLATES / services.registry().provider(capability).name / "leave.sh"
    for mode in ("--check", "--drain", "--stay"):
        assert mode in leave.read_text().partition("set -euo pipefail")[0], "each mode is described"


def unserved(service: Service) -> list[str]:
    """What a service with a front end lacks."""
    lacks = []
    if service.frontends and "load balancer" not in service.requires:
        lacks.append("requires 'load balancer'")
    if any(front.mode == "http" for front in service.frontends) and not service.certificates:
        lacks.append("a Certificate, which the load balancer verifies")
    return lacks


@pytest.mark.parametrize("name", NAMES)
def test_a_front_end_comes_with_what_it_needs(name: str) -> None:
    assert unserved(services.registry()[name]) == []


def test_a_front_end_without_what_it_needs_is_found() -> None:
    assert len(unserved(replace(services.registry()["keystone"], requires=(), files=()))) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_that_it_writes_has_a_sandbox_and_is_started(name: str) -> None:
    texts = {path.name: path.read_text() for path in composed.sources(name)}
    for service in everywhere(name):
        units = {Path(file.path).name for file in service.files if isinstance(file, Template)}
        for unit in (unit for unit in units if unit.endswith(".service")):
            assert unit in {sandbox.unit for sandbox in service.sandboxes}
            others = (text for file, text in texts.items() if file != f"{unit}.j2")
            by_socket = unit.replace(".service", ".socket") in units
            listed = (*service.units, *service.afterwards)
            started = by_socket or unit in listed or any(unit in text for text in others)
            assert started, f"list {unit} in `units` or in `afterwards`"


def test_names_addresses_and_the_firewall_come_first() -> None:
    assert NAMES.index("host") < NAMES.index("firewall") < NAMES.index("etcd")
    assert NAMES.index("haproxy") < NAMES.index("keepalived")
