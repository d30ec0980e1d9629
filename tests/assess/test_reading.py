"""Rendered files are read as far as rules need them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hacienda.assess import reading
from hacienda.declare import DeclarationError

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
    assert (defaults.kind, defaults.name, defaults.values("timeout server")) == ("defaults", "", ("60s",))
    assert listen.values("server") == ("ctl-1 10.0.0.11:3306 check", "ctl-2 10.0.0.12:3306 check backup")
    assert listen.values("timeout server") == ()
    assert (frontend.kind, frontend.name) == ("frontend", "statistics")


@pytest.mark.parametrize(("text", "seconds"), [("500ms", 0.5), ("60s", 60), ("2000", 2), ("10m", 600), ("1h", 3600)])
def test_times_of_haproxy(text: str, seconds: float) -> None:
    assert reading.seconds(text) == seconds


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: reading.seconds("soon"), "has 'soon' where a time should be"),
        (lambda: reading.pairs("max_connections = 7")["max_conections"], "did you mean 'max_connections'"),
        (lambda: reading.only(r"^-m (\d+)$", "-c 7"), "which the rendered file does not have"),
        (lambda: reading.section(reading.sections(HAPROXY), "galera-sql"), "did you mean 'galera-mysql'"),
        (lambda: reading.ini("key: {a: 1}\n- x\n"), "no INI file"),
    ],
    ids=["time", "key", "pattern", "listener", "format"],
)
def test_to_ask_for_what_is_not_there_is_an_error(ask: Callable[[], object], says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        ask()


def test_pairs_of_any_section() -> None:
    found = reading.pairs('[mysqld]\n# a = 1\na = 2\nb="x;y=z"\nskip\n')
    assert found == {"a": "2", "b": "x;y=z"}


def test_sections_of_oslo() -> None:
    text = "[database]\nconnection = mysql://x:@{secret:a}@y/z?a=1&b=%2F\nempty =\n[cache]\nenabled\n"
    assert reading.ini(text)["database"] == {"connection": "mysql://x:@{secret:a}@y/z?a=1&b=%2F", "empty": ""}
    assert reading.ini(text)["cache"] == {"enabled": ""}
