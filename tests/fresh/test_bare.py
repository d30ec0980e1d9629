"""Where a bare root's packages come from."""

from __future__ import annotations

import re
from pathlib import Path

from hacienda.lab import apt_sources, steps
from tests.fresh import bare

HOST = apt_sources.parse_deb822(
    "Types: deb\nURIs: http://mirror.example.org/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\n"
    "Types: deb\nURIs: http://mirror.example.org/debian-security\nSuites: bookworm-security\nComponents: main\n"
)


def test_a_debian_root_comes_from_the_mirror_of_a_debian_machine_with_its_security_updates() -> None:
    assert bare.RELEASES["debian-13"].sources(None, HOST) == (
        "deb http://mirror.example.org/debian trixie main",
        "deb http://mirror.example.org/debian trixie-updates main",
        "deb http://mirror.example.org/debian-security trixie-security main",
    )


def test_an_ubuntu_root_comes_from_the_mirror_that_is_named_or_from_ubuntu() -> None:
    ubuntu = bare.RELEASES["ubuntu-24.04"]
    assert ubuntu.sources(None, HOST) == ()
    assert ubuntu.sources("http://mirror.example.org/ubuntu", HOST) == (
        "deb http://mirror.example.org/ubuntu noble main universe",
        "deb http://mirror.example.org/ubuntu noble-updates main universe",
    )


def test_every_release_of_the_lab_is_tried() -> None:
    assert {tuple(name.split("-")) for name in bare.RELEASES} == steps.SUPPORTED


def test_a_bare_root_has_what_the_readme_says_to_install() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (named,) = re.findall(r"`apt-get install ([^`]+)`", readme)
    assert {"apt", *named.split()} == set(bare.PACKAGES)


def test_a_lab_has_a_network_of_its_own_and_what_that_takes_is_named() -> None:
    debian = bare.RELEASES["debian-12"]
    assert bare.network(["demo", "test"]) == "shared"
    assert bare.network(["demo", "lab", "lab-down"]) == "own"
    assert set(bare.needs(debian, ["lab"])) - set(bare.needs(debian, ["demo"])) <= {
        "slirp4netns (apt-get install slirp4netns)"
    }
