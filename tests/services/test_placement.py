"""Placement: what is rendered for its API, and how its database is migrated."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hacienda.cloud import Cloud
from hacienda.services import placement
from tests.services import composed

CONFIGURATION, UWSGI, UNIT = (
    placement.CONFIGURATION,
    "/etc/placement/uwsgi.ini",
    "/etc/systemd/system/placement.service",
)


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def configuration(cloud: Cloud) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(composed.rendered(cloud, "placement")[CONFIGURATION].text)
    return parser


def test_the_database_is_the_writer_behind_the_virtual_ip_over_verified_tls(lab: Cloud) -> None:
    url = urlsplit(re.sub(r"@\{[^}]*\}@", "placeholder", configuration(lab)["placement_database"]["connection"]))
    assert (url.username, url.hostname, url.path) == ("placement", "galera.lab.internal", "/placement")
    assert parse_qs(url.query)["ssl_ca"] == ["/etc/placement/database/ca.pem"]


def test_tokens_are_validated_as_a_user_of_its_own_and_kept_encrypted(lab: Cloud) -> None:
    token = configuration(lab)["keystone_authtoken"]
    file = composed.rendered(lab, "placement")[CONFIGURATION]
    assert token["username"] == "@{secret:identity/placement.user}@"
    assert token["memcache_security_strategy"] == "ENCRYPT"
    assert (file.group, file.mode) == ("placement", 0o640)
    assert set(file.secrets) == {
        "database/placement",
        "identity/placement",
        "identity/placement.user",
        "placement/cache",
    }


def test_its_first_page_answers_load_balancers_and_a_node_that_drains_does_not(lab: Cloud) -> None:
    """Placement has no health check of its own."""
    lines = composed.rendered(lab, "placement")[UWSGI].text.splitlines()
    routes = [line for line in lines if line.startswith("route")]
    assert routes[-1] == "route = ^/healthcheck rewrite:/"
    assert routes.index("route = ^/healthcheck break:404 Not Found") < routes.index("route-label = serving")
    assert "plugins = python3,router_rewrite" in lines


def test_a_new_certificate_restarts_it_and_a_new_password_reloads_it(lab: Cloud) -> None:
    files = composed.rendered(lab, "placement")
    assert files["/etc/placement/tls/key.pem"].on_change == files[UNIT].on_change == "restart"
    assert files[CONFIGURATION].on_change == "reload"


def test_its_migration_is_named_with_where_the_connection_is(lab: Cloud) -> None:
    assert composed.fact(lab, "placement", "HACIENDA_MIGRATE") == "migrate.sh"
    assert composed.fact(lab, "placement", "MIGRATE") == "placement.cmd.manage db sync"
    assert composed.fact(lab, "placement", "MIGRATE_SECTION") in configuration(lab)


def test_a_cloud_without_it_has_nothing_of_it(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, composed.LAB + "services: {placement: false}\n")
    assert "placement" not in [service.name for service in cloud.services]
    assert [account.name for account in cloud.accounts("identity") if account.name == "placement"] == []
    assert not [path for path in composed.rendered(cloud, "keystone") if "placement" in path]
