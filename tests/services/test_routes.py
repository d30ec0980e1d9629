"""Host's routes: set and checked by the script that nodes run, in a network namespace with the real programs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from hacienda.cloud import read, routes
from hacienda.services import TEMPLATES, registry
from tests import programs
from tests.services import composed
from tests.services.sandbox import LIB

CASE = composed.ROOT / "tests/sites/cases/gateway-without-effect.yaml"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")


def test_one_network_needs_no_way_back(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path)
    assert composed.fact(cloud, "host", "ROUTES_BACK") == ""
    assert composed.fact(cloud, "host", "STATIC_ROUTES") == ""


def test_a_source_address_follows_from_the_route(tmp_path: Path) -> None:
    cloud = read(CASE, registry())
    node = cloud.node("ctl-1")
    found = {
        to: str(routes.source(cloud, node, node.addresses["public"].__class__(to))) for to in ("10.1.1.7", "9.9.9.9")
    }
    assert found == {"10.1.1.7": "10.1.1.11", "9.9.9.9": "203.0.113.11"}


def run(folder: Path, static: str, back: str, script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script beside routes.sh, on a machine that is on the case's three networks."""
    programs.needed("ip", "jq")
    text = (TEMPLATES / "host/routes.sh").read_text().replace("/usr/lib/hacienda/lib.sh", str(LIB))
    (folder / "routes.sh").write_text(text)
    begin = """
        set -e
        ip link set lo up
        for number in 0 1 2; do ip link add card$number type bridge; ip link set card$number up; done
        ip address add 10.1.0.11/24 dev card0
        ip address add 203.0.113.11/24 dev card1
        ip address add 10.1.1.11/24 dev card2
        ip route add default via 203.0.113.1
        routes() { bash routes.sh "$@"; }
        way() { ip -json route get "$@" | jq --raw-output '.[0] | "\\(.gateway // "attached") \\(.dev)"'; }
    """
    return subprocess.run(
        ["unshare", "--net", "bash", "-c", dedent(begin) + dedent(script)],
        cwd=folder,
        env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "STATIC_ROUTES": static, "ROUTES_BACK": back},
        capture_output=True,
        text=True,
        check=False,
    )


@AS_ROOT
def test_answers_leave_by_the_router_that_the_question_came_from(tmp_path: Path) -> None:
    back = composed.fact(read(CASE, registry()), "host", "ROUTES_BACK")
    done = run(
        tmp_path,
        "172.20.0.0/16=10.1.0.2",
        back,
        """
        routes apply; routes apply; routes check
        way 172.31.224.5 from 10.1.0.11
        way 172.31.224.5
        way 203.0.113.7 from 10.1.0.11
        way 172.20.1.1 from 203.0.113.11
        way 9.9.9.9 from 10.1.1.11
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "10.1.0.1 card0",
        "203.0.113.1 card1",
        "attached card1",
        "10.1.0.2 card0",
        "10.1.1.1 card2",
    ]


@AS_ROOT
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("ip rule del priority 5002", "the routing rules differ from the environment's"),
        ("ip route flush table 5001", "the route to default uses no router, not 10.1.0.1"),
        ("ip route flush table 5000", "the route to 172.20.0.0/16 uses no router, not 10.1.0.2"),
    ],
)
def test_what_is_missing_is_noticed_and_comes_back(damage: str, says: str, tmp_path: Path) -> None:
    script = f"routes apply; {damage}; ! routes check; routes apply; routes check; echo back"
    done = run(tmp_path, "172.20.0.0/16=10.1.0.2", "10.1.0.0/24=10.1.0.1=5001", script)
    assert done.stdout == "back\n", done.stderr
    assert says in done.stderr


@AS_ROOT
def test_what_leaves_the_file_leaves_the_machine(tmp_path: Path) -> None:
    script = """
        routes apply
        STATIC_ROUTES= ROUTES_BACK= routes apply
        STATIC_ROUTES= ROUTES_BACK= routes check
        ip -json rule | jq length
        ip -json route show table all proto kernel | jq '[.[] | select(.table)] | map(select(.table | startswith("50"))) | length'
    """
    done = run(tmp_path, "172.20.0.0/16=10.1.0.2", "10.1.0.0/24=10.1.0.1=5001", script)
    assert done.stdout.split() == ["3", "0"], done.stderr


@AS_ROOT
def test_a_router_that_is_not_attached_is_refused_with_its_place(tmp_path: Path) -> None:
    done = run(tmp_path, "172.20.0.0/16=10.9.0.2", "", "routes apply")
    assert done.returncode == 1
    assert "the kernel refused a route" in done.stderr
    assert "see networks in the environment file" in done.stderr
