"""Glance: uploads of any size, images as files, and what is said about those."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from hacienda import assess
from hacienda.cloud import Cloud
from hacienda.services import glance, haproxy
from tests.services import composed

UWSGI = "/etc/glance/uwsgi.ini"


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path, composed.LAB + "services: {glance: true}\n")


def configuration(cloud: Cloud, node: str = "ctl-1") -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(composed.rendered(cloud, "glance", node)[glance.CONFIGURATION].text)
    return parser


def test_a_cloud_has_it_on_request(tmp_path: Path) -> None:
    assert "glance" not in [service.name for service in composed.cloud(tmp_path, composed.LAB).services]


def test_an_upload_has_any_size_and_takes_as_long_as_it_takes(lab: Cloud) -> None:
    uwsgi = composed.rendered(lab, "glance")[UWSGI].text
    assert not re.search(r"^(limit-post|post-buffering|harakiri)", uwsgi, re.MULTILINE)
    assert "max_request_body_size" not in configuration(lab)["oslo_middleware"]
    (front,) = [one for one in haproxy.listeners(lab) if one.name == "glance-api"]
    assert (front.front.largest_body, front.front.timeout_seconds) == (None, 6 * 3600)


def test_every_controller_is_found_by_its_own_name(lab: Cloud) -> None:
    found = {configuration(lab, name)["DEFAULT"]["worker_self_reference_url"] for name in ("ctl-1", "ctl-2", "ctl-3")}
    assert found == {f"https://ctl-{number}.lab.internal:9292" for number in (1, 2, 3)}


def test_no_tenant_has_it_fetch_a_url(lab: Cloud) -> None:
    assert configuration(lab)["DEFAULT"]["enabled_import_methods"] == "[glance-direct]"


def test_its_migration_makes_no_triggers(lab: Cloud) -> None:
    """Those of `db expand` take a privilege that no service has."""
    assert composed.fact(lab, "glance", "MIGRATE") == "glance.cmd.manage db sync"


@pytest.mark.parametrize(("options", "findings"), [("true", 1), ("{shared: true}", 0)])
def test_images_of_one_controller_alone_are_a_finding(options: str, findings: int, tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, composed.LAB + f"services: {{glance: {options}}}\n")
    found = [one for one in assess.findings(cloud) if one.rule == "COPIES"]
    assert len(found) == findings
    assert all("glance keeps its images on one of its 3 machines" in one.reason for one in found)


def test_images_are_in_the_storage_cluster_where_the_cloud_has_one(tmp_path: Path, lab: Cloud) -> None:
    stored = composed.rendered(composed.cloud(tmp_path), "glance")
    text = stored[glance.CONFIGURATION].text
    assert "enabled_backends = rbd:rbd" in text
    assert "rbd_store_pool = images" in text
    assert "/etc/glance/ceph.client.glance.keyring" in stored
    without = composed.rendered(lab, "glance")
    assert "enabled_backends = file:file" in without[glance.CONFIGURATION].text
    assert not [path for path in without if "ceph" in path]
