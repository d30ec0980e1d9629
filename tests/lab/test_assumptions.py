"""The image is asked whether what services rely on in their packages is there; a lack is refused before any machine is made."""

from __future__ import annotations

import pytest

from hacienda import lab
from hacienda.errors import ToolError
from hacienda.lab import contents, layout
from tests.lab.cloud import Lab

MOVED = {
    "service": "galera",
    "package": "mariadb-server",
    "kind": "line",
    "subject": "/usr/lib/systemd/system/mariadb.service",
    "expected": "^EnvironmentFile=-/run/mysqld/wsrep-new-cluster$",
    "reason": "a cluster is founded through it",
}
"""What Debian's unit had up to 11.8.6."""


def test_an_image_whose_packages_moved_is_refused(healthy: Lab) -> None:
    there = contents.packages(lab.Lab(), layout.IMAGE)
    assert there["mariadb-server"]
    with pytest.raises(ToolError, match="No machine was created from it") as refused:
        contents.ensure(lab.Lab(), layout.IMAGE, [MOVED])
    assert f"mariadb-server {there['mariadb-server']}: {MOVED['subject']} has no line like" in str(refused.value)
    assert "galera needs it: a cluster is founded through it" in str(refused.value)
    healthy.apply_changes_nothing()


def test_a_node_says_what_moved_and_keeps_running(healthy: Lab) -> None:
    """An update takes a program away that a unit needs: the status names it, and nothing is stopped for it."""
    healthy.on("ctl-3", "sh", "-c", "chmod a-x /usr/bin/memcached; touch /var/lib/dpkg/status")
    try:
        said = healthy.status()["nodes"]["ctl-3"]["services"]["memcached"]
        assert not said["ok"]
        assert "there is no program /usr/bin/memcached; memcached needs it" in said["detail"]
        assert healthy.on("ctl-3", "systemctl", "is-active", "memcached.service").strip() == "active"
    finally:
        healthy.on("ctl-3", "sh", "-c", "chmod a+x /usr/bin/memcached; touch /var/lib/dpkg/status")
    healthy.wait_until_healthy()
