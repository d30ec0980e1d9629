"""The picture of a cloud names everything that matters, marks what nothing would take over for, and stays a screenful."""

from __future__ import annotations

import dataclasses
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from hacienda import assess, cloud, environment, services
from hacienda.assess import rules
from hacienda.review import topology
from hacienda.review.topology import marks
from tests import examples

ROOT = Path(__file__).parents[2]
SHIPPED = ("lab", "production", "large", "named", "networks", "two-node")


DAY = date(2026, 11, 21)


def picture(name: str) -> topology.Picture:
    read = cloud.read(environment.find(name, ROOT), services.registry(), rules=rules())
    return topology.picture(read, assess.findings(assess.Subject(read, DAY)))


def written(path: Path, text: str) -> topology.Picture:
    path.write_text(text)
    read = cloud.read(path, services.registry(), rules=rules())
    return topology.picture(read, assess.findings(read))


def text(drawn: topology.Picture, width: int = 100) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(topology.draw(drawn))
    return captured.get()


def texts_of(svg: str) -> str:
    """What a reader of the SVG sees, one box after another."""
    root = ElementTree.fromstring(svg)  # noqa: S314 (drawn here)
    return "\n".join(one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text"))


WAYS: dict[str, Callable[[topology.Picture], str]] = {
    "txt": text,
    "svg": lambda drawn: texts_of(topology.svg(drawn)),
    "mermaid": topology.mermaid,
}

ONE = """\
name: one
platform: existing
domains: {rack: [a, b]}
networks:
  management: {cidr: 10.40.0.0/22, vip: 10.40.0.10}
machines:
  controller: {count: 1, spread: rack}
  compute: {count: 40, spread: rack}
"""


def test_lab_shows_network_address_machines_and_votes() -> None:
    shown = text(picture("lab"))
    for word in ("10.77.0.0/24", "◆ 10.77.0.10", "ctl-1  10.77.0.11", "ctl-3  10.77.0.13", "etcd●", "haproxy"):
        assert word in shown
    votes = next(line for line in shown.splitlines() if "ctl-1 ctl-2 ctl-3" in line)
    assert votes.split()[-2:] == ["2", "1"], "a majority is two, one may fail"


def test_failure_domains_are_branches() -> None:
    shown = text(picture("production"))
    places = [line for line in shown.splitlines() if "rack " in line]
    assert [line.split()[-1] for line in places] == ["a", "b", "c"]
    assert "vlan 20" in shown


def test_the_readme_shows_it() -> None:
    assert examples.drawn() in (ROOT / "README.md").read_text(), "run `make docs`"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_fits_any_terminal(width: int) -> None:
    assert max(len(line) for line in text(picture("production"), width).splitlines()) <= width


@pytest.mark.parametrize("way", WAYS)
def test_every_way_names_everything(way: str) -> None:
    shown = WAYS[way](picture("production"))
    for word in (
        "10.10.8.0/22",
        "203.0.113.9",
        "rack a",
        "rack c",
        "ctl-2",
        "14 compute machines",
        "keystone",
        "galera",
    ):
        assert word in shown


@pytest.mark.parametrize("way", WAYS)
def test_a_thousand_equal_machines_are_a_few_boxes(way: str) -> None:
    drawn = picture("large")
    assert drawn.count > 1000
    assert len(drawn.boxes) < 30
    shown = WAYS[way](drawn)
    assert len(shown) < 6000
    assert "334 compute machines" in shown
    assert "cmp-1 … cmp-1000" in shown or "cmp-1 #8230; cmp-1000" in shown


def test_many_equal_failure_domains_are_one(tmp_path: Path) -> None:
    racks = ", ".join(f"r{number}" for number in range(1, 21))
    large = ONE.replace("[a, b]", f"[{racks}]").replace("count: 40", "count: 200")
    drawn = written(tmp_path / "one.yaml", large)
    assert [place.title for place in drawn.place.places] == ["rack r1", "19 racks r10 … r9, the same in each"]
    assert sum(len(box.names) for box in drawn.boxes) == drawn.count


@pytest.mark.parametrize("way", WAYS)
def test_single_points_of_failure_are_marked_with_their_rule(tmp_path: Path, way: str) -> None:
    shown = WAYS[way](written(tmp_path / "one.yaml", ONE))
    for rule in ("SINGLE", "VIPONE", "VOTERS", "LINK"):
        assert rule in shown


def test_single_points_of_failure_are_red(tmp_path: Path) -> None:
    red = topology.svg(written(tmp_path / "one.yaml", ONE))
    marked = re.findall(r'class="(?:node|cluster) (\w+) single"', red)
    assert sorted(marked) == ["machine", "network", "vip", "voters"]
    assert red.partition("</style>")[2].count('stroke="#cf222e"') == len(marked)
    assert "in red: " in red
    assert 'single"' not in topology.svg(picture("production"))


def test_what_is_accepted_is_red_and_says_so(tmp_path: Path) -> None:
    accepted = ONE + "accept:\n  - {rule: LINK, reason: one switch is all we have, until: 2099-01-01}\n"
    assert "! LINK, accepted" in text(written(tmp_path / "one.yaml", accepted))


def test_marking_rules_are_rules() -> None:
    assert marks.MARKING.keys() <= rules().keys()


@pytest.mark.parametrize("name", SHIPPED)
def test_svg_stands_alone(name: str) -> None:
    drawn = topology.svg(picture(name))
    root = ElementTree.fromstring(drawn)  # noqa: S314 (drawn here)
    assert not re.search(r"<script|<image|@import|url\(|href=", drawn)
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert set((root.get("aria-labelledby") or "").split()) <= set(ids)
    colours = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', drawn))
    assert colours <= set(topology.DARK), "every colour has one for the dark"
    assert len(drawn) < 40 * 1024


def test_names_are_text_not_markup() -> None:
    """An environment file allows plain words alone; the pictures do not rest on that."""
    odd = """a&<b>"\\N\""""
    drawn = picture("lab")
    place = dataclasses.replace(drawn.place, places=(topology.Place("rack", (odd,), drawn.boxes, ()),), machines=())
    drawn = dataclasses.replace(drawn, name=odd, place=place)
    assert f"rack {odd}" in texts_of(topology.svg(drawn))
    assert "rack a#38;#60;b#62;#34;#92;N#34;" in topology.mermaid(drawn)
    assert f"rack {odd}" in text(drawn)


def test_png_is_a_picture_with_letters_of_our_own() -> None:
    drawn = topology.png(picture("lab"))
    assert drawn.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", drawn[16:24])
    assert width > 1000
    assert height > 500
    blank = topology.png(picture("two-node"))
    assert drawn != blank


def test_another_process_draws_the_same_bytes() -> None:
    """Whatever it hashes by, and without this machine's fonts."""
    program = (
        "import sys; from tests.review.test_topology import picture, topology; d = picture('production');"
        "sys.stdout.buffer.write(topology.svg(d).encode() + topology.png(d) + topology.mermaid(d).encode())"
    )
    drawn = picture("production")
    same = topology.svg(drawn).encode() + topology.png(drawn) + topology.mermaid(drawn).encode()
    environment_of = {"PYTHONHASHSEED": "7", "FONTCONFIG_FILE": "/nonexistent", "HOME": "/nonexistent", "LANG": "C"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment_of, cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout == same
