"""The mirror is told from the machine's own sources, in both of apt's formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda.lab import apt_sources

ONE_LINE = """\
# deb http://old.example/debian bookworm main
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/vendor.gpg] https://vendor.example/linux/debian bookworm stable
deb http://mirror.example/debian bookworm main contrib   # ours
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main
deb http://mirror.example/debian-security bookworm-security main
"""

DEB822 = """\
Types: deb
# a remark in the middle
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 line

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm-backports
Components: main

Types: deb-src
URIs: http://src.example/debian
Suites: bookworm
Components: main
"""

EXPECTED = apt_sources.Mirror("http://mirror.example/debian", "http://mirror.example/debian-security")


def test_one_line_sources_are_read_without_remarks_media_and_source_packages() -> None:
    found = apt_sources.parse_one_line(ONE_LINE)
    assert [source.uris[0] for source in found] == [
        "https://vendor.example/linux/debian",
        "http://mirror.example/debian",
        "http://mirror.example/debian",
        "http://mirror.example/debian-security",
    ]
    assert found[0].signed_by == "/usr/share/keyrings/vendor.gpg"
    assert found[1].components == ("main", "contrib")


def test_deb822_stanzas_are_read_without_disabled_ones_and_source_packages() -> None:
    found = apt_sources.parse_deb822(DEB822)
    assert [source.uris for source in found] == [
        ("http://mirror.example/debian",),
        ("http://mirror.example/debian-security",),
    ]
    assert found[0].suites == ("bookworm", "bookworm-updates")
    assert found[1].signed_by.splitlines()[0] == "-----BEGIN PGP PUBLIC KEY BLOCK-----"


@pytest.mark.parametrize("parsed", [apt_sources.parse_one_line(ONE_LINE), apt_sources.parse_deb822(DEB822)])
def test_the_mirror_is_debians_own_in_either_format(parsed: tuple[apt_sources.Source, ...]) -> None:
    assert apt_sources.debian_mirror(parsed, "bookworm") == EXPECTED


@pytest.mark.parametrize(
    "vendor_first",
    [
        "deb https://vendor.example/debian/12/prod bookworm main\ndeb http://m.example/debian bookworm main\n",
        "deb https://vendor.example/debian bookworm main\n"
        "deb http://m.example/archive bookworm main\ndeb http://m.example/archive bookworm-updates main\n",
        "deb https://vendor.example/debian bookworm main\ndeb http://v.example/debian bookworm-updates main\n"
        f"deb [signed-by={apt_sources.KEYRING}] http://m.example/x bookworm main\n",
    ],
)
def test_a_third_partys_suite_of_the_same_name_is_not_taken_for_the_mirror(vendor_first: str) -> None:
    found = apt_sources.debian_mirror(apt_sources.parse_one_line(vendor_first), "bookworm")
    assert found is not None
    assert found.main.startswith("http://m.example/")


def test_a_machine_without_debian_sources_has_no_mirror() -> None:
    ubuntu = apt_sources.parse_one_line("deb http://archive.example/ubuntu noble main\n")
    assert apt_sources.debian_mirror(ubuntu, "noble") is None


def test_sources_are_read_from_the_single_file_and_the_parts_that_apt_reads(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/debian trixie main\n")
    (parts / "b.list").write_text("deb http://b.example/debian trixie main\n")
    (parts / "c.sources").write_text("Types: deb\nURIs: http://c.example\nSuites: trixie\nComponents: main\n")
    (parts / "d.list.disabled").write_text("deb http://d.example/debian trixie main\n")
    assert [source.uris[0] for source in apt_sources.read(tmp_path)] == [
        "http://a.example/debian",
        "http://b.example/debian",
        "http://c.example",
    ]


def test_a_machine_without_any_sources_reads_as_empty(tmp_path: Path) -> None:
    assert apt_sources.read(tmp_path) == ()


def test_backports_are_on_the_machines_mirror_and_readable_by_our_own_parser() -> None:
    (source,) = apt_sources.parse_deb822(apt_sources.backports(EXPECTED, "bookworm"))
    assert source.uris == ("http://mirror.example/debian",)
    assert source.suites == ("bookworm-backports",)
    assert source.signed_by == apt_sources.KEYRING


def test_a_mirror_without_security_archive_gives_two_lines() -> None:
    assert apt_sources.Mirror("http://m.example/debian").lines("trixie") == (
        "deb http://m.example/debian trixie main",
        "deb http://m.example/debian trixie-updates main",
    )
    assert EXPECTED.lines("trixie")[2] == "deb http://mirror.example/debian-security trixie-security main"


def test_proxy_and_date_settings_are_handed_on_and_nothing_else() -> None:
    dump = (
        'Acquire::http "";\nAcquire::http::Proxy "http://proxy.example:3128";\n'
        'Acquire::https::CaInfo "/etc/ssl/own.pem";\nAcquire::Check-Valid-Until "false";\nAcquire::Languages:: "none";\n'
        'APT::Install-Recommends "1";\n'
    )
    assert apt_sources.handed_on(dump) == (
        'Acquire::http::Proxy "http://proxy.example:3128";\n'
        'Acquire::https::CaInfo "/etc/ssl/own.pem";\nAcquire::Check-Valid-Until "false";\n'
    )
