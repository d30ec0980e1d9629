"""Writes the generated pages, after the environment's models, a service's options or a rule changed: `python docs/generate.py`."""

from pathlib import Path

from hacienda import services
from hacienda.assess.index import index
from hacienda.environment.reference import reference

if __name__ == "__main__":
    docs = Path(__file__).parent
    (docs / "environment.md").write_text(reference(services.registry()), encoding="utf-8")
    (docs / "rules" / "README.md").write_text(index(), encoding="utf-8")
