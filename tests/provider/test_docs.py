"""The provider's page names all that the schema has."""

from __future__ import annotations

from pathlib import Path

from hacienda.provider import composition

PAGE = Path(__file__).parents[2] / "docs/provider.md"


def test_every_resource_and_attribute_is_on_the_page() -> None:
    text = PAGE.read_text()
    described = composition.provider().described()
    for resource, attributes in {"provider": described["provider"], **described["resources"]}.items():
        assert resource in text
        for name in attributes:
            assert f"`{name}`" in text, f"{resource}: {name}"
