"""One module for each service; the registry finds them.

A new service is one module with a `service: Service`, one folder in `templates/`, one test file and one docs page.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from pathlib import Path

from hacienda.declare import DeclarationError, Registry, Service

TEMPLATES = Path(__file__).parent / "templates"
"""One folder per service: its Jinja templates (`*.j2`) and its bash scripts (`*.sh`)."""


@functools.cache
def registry() -> Registry:
    """Every service of this package, in start order.

    Raises:
        DeclarationError: a module's declaration is missing, misnamed, or contradicts another one.
    """
    return Registry(_declaration(info.name) for info in pkgutil.iter_modules(__path__) if not info.ispkg)


def _declaration(name: str) -> Service:
    module = importlib.import_module(f"{__name__}.{name}")
    service = getattr(module, "service", None)
    if not isinstance(service, Service):
        raise DeclarationError(f"hacienda/services/{name}.py declares no `service`")
    if service.name != name:
        raise DeclarationError(f"hacienda/services/{name}.py declares the service {service.name!r}")
    return service
