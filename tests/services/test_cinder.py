"""Cinder: one cluster of volume services, their locks, and what they may do in the storage cluster."""

from __future__ import annotations

import subprocess
from configparser import ConfigParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hacienda.cloud import Cloud
from hacienda.services import cinder
from hacienda.services.openstack import api
from tests.services import composed
from tests.services.stated import API

STATED = API

UNITS = "/etc/systemd/system"


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def configuration(cloud: Cloud, node: str = "ctl-1") -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(composed.rendered(cloud, "cinder", node)[cinder.CONFIGURATION].text)
    return parser


def test_volume_services_are_one_cluster_of_hosts_with_their_own_names(lab: Cloud) -> None:
    first, second = (configuration(lab, node)["DEFAULT"] for node in ("ctl-1", "ctl-2"))
    assert first["cluster"] == second["cluster"]
    assert (first["host"], second["host"]) == ("ctl-1", "ctl-2")


def test_locks_are_in_etcd_with_the_certificate_of_a_client(lab: Cloud) -> None:
    url = urlsplit(configuration(lab, "ctl-2")["coordination"]["backend_url"])
    assert (url.scheme, url.netloc) == ("etcd3+https", "10.77.0.12:2379")
    asked = parse_qs(url.query)
    files = composed.rendered(lab, "cinder")
    for name in ("ca_cert", "cert_cert", "cert_key"):
        assert files[asked[name][0]].group == "cinder"
    assert "ENABLE_GRPC_GATEWAY=true" in composed.rendered(lab, "etcd")["/etc/default/etcd"].text


def test_no_variable_replaces_the_authority_that_it_verifies_etcd_with(lab: Cloud) -> None:
    assert "REQUESTS_CA_BUNDLE" not in composed.rendered(lab, "cinder")["/etc/cinder/uwsgi.ini"].text
    assert "REQUESTS_CA_BUNDLE" in composed.rendered(lab, "glance")["/etc/glance/uwsgi.ini"].text


def test_etcds_gateway_is_off_where_nothing_uses_it(tmp_path: Path) -> None:
    without = composed.cloud(tmp_path, composed.LAB)
    assert "ENABLE_GRPC_GATEWAY=false" in composed.rendered(without, "etcd")["/etc/default/etcd"].text


def test_it_writes_volumes_and_reads_images() -> None:
    (account,) = (account for account in cinder.service.accounts if account.kind == "storage")
    assert dict(account.caps)["osd"] == ("profile rbd pool=volumes, profile rbd-read-only pool=images")


def test_the_key_is_readable_by_cinder_alone(lab: Cloud) -> None:
    key = composed.rendered(lab, "cinder")["/etc/cinder/ceph.client.cinder.keyring"]
    assert (key.group, key.mode, key.secrets) == ("cinder", 0o640, ("storage/cinder",))
    assert key.on_change == "restart"


def test_the_pool_of_every_daemon_counts(lab: Cloud) -> None:
    (account,) = (account for account in cinder.service.accounts if account.kind == "database")
    assert account.connections is not None
    node = lab.node("ctl-1")
    assert account.connections(lab, node) == api.connections(cinder.CinderOptions)(lab, node) + 20


def test_a_command_for_root_runs_as_cinder(tmp_path: Path, lab: Cloud) -> None:
    script = tmp_path / "sudo"
    script.write_text(composed.rendered(lab, "cinder")["/usr/lib/hacienda/cinder/programs/sudo"].text)
    script.chmod(0o755)
    done = subprocess.run(
        [script, "cinder-rootwrap", "/etc/cinder/rootwrap.conf", "echo", "a b"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "a b\n"
    assert subprocess.run([script, "-n", "echo"], check=False).returncode != 0
    assert configuration(lab)["cinder_sys_admin"]["capabilities"] == ""
    unit = composed.rendered(lab, "cinder")[f"{UNITS}/cinder-volume.service"].text
    assert "Environment=PATH=/usr/lib/hacienda/cinder/programs:" in unit
