"""A module of a service that Python cannot import is named as a wrong declaration, with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hacienda import services
from hacienda.declare import DeclarationError


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("x = (\n", 1, "SyntaxError: '(' was never closed"),
        ("\nfrom hacienda.declare import Servise\n", 2, "ImportError: cannot import name 'Servise'"),
        ("from hacienda.declare import Service\n\nservice = Service(title='One')\n", 3, "TypeError: "),
    ],
    ids=["syntax", "import", "arguments"],
)
def test_it_is_named_with_its_line(
    text: str, line: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "greeter.py").write_text(text)
    monkeypatch.setattr(services, "__path__", [str(tmp_path)])
    monkeypatch.setattr(services, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(DeclarationError, match="^" + re.escape(f"hacienda/services/greeter.py:{line}: {said}")):
        services.registry.__wrapped__()
