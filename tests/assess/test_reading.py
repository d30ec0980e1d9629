"""Rendered files are read as far as rules need them."""

from __future__ import annotations

import pytest

from hacienda.assess import reading

HAPROXY = """\
defaults
    # timeout server 1s
    timeout server 60s

listen galera-mysql
    bind 10.0.0.5:3306
    server ctl-1 10.0.0.11:3306 check
    server ctl-2 10.0.0.12:3306 check backup

frontend statistics
    bind 127.0.0.1:8404
"""


def test_sections_of_haproxy() -> None:
    defaults, listen, frontend = reading.sections(HAPROXY)
    assert (defaults.kind, defaults.name, defaults.seconds("timeout server")) == ("defaults", "", 60)
    assert listen.values("server") == ("ctl-1 10.0.0.11:3306 check", "ctl-2 10.0.0.12:3306 check backup")
    assert listen.seconds("timeout server") is None
    assert (frontend.kind, frontend.name) == ("frontend", "statistics")


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("60s", 60), ("2000", 2), ("10m", 600), ("1h", 3600), ("soon", None)]
)
def test_times_of_haproxy(text: str, seconds: float | None) -> None:
    assert reading.seconds(text) == seconds


def test_pairs_of_any_section() -> None:
    found = reading.pairs('[mysqld]\n# a = 1\na = 2\nb="x;y=z"\nskip\n')
    assert found == {"a": "2", "b": "x;y=z"}


def test_sections_of_oslo() -> None:
    text = "[database]\nconnection = mysql://x:@{secret:a}@y/z?a=1&b=%2F\nempty =\n[cache]\nenabled\n"
    assert reading.ini(text)["database"] == {"connection": "mysql://x:@{secret:a}@y/z?a=1&b=%2F", "empty": ""}
    assert reading.ini(text)["cache"] == {"enabled": ""}


def test_what_is_in_no_such_format_is_empty() -> None:
    assert reading.ini("key: {a: 1}\n- x\n") == {}
