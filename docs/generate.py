"""Writes the generated pages, after the environment's models or a service's options changed: `python docs/generate.py`."""

from pathlib import Path

from hacienda import services
from hacienda.environment.reference import reference

if __name__ == "__main__":
    page = Path(__file__).parent / "environment.md"
    page.write_text(reference(services.registry()), encoding="utf-8")
