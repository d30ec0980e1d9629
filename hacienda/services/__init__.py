"""One module for each service; the registry finds them.

A new service is one module with a `service: Service`, one folder in `templates/`, one test file and one docs page.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import traceback
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
    try:
        module = importlib.import_module(f"{__name__}.{name}")
    except Exception as error:
        raise DeclarationError(_said(error, Path(__file__).with_name(f"{name}.py"))) from error
    service = getattr(module, "service", None)
    if not isinstance(service, Service):
        raise DeclarationError(f"hacienda/services/{name}.py declares no `service`")
    if service.name != name.replace("_", "-"):
        raise DeclarationError(f"hacienda/services/{name}.py declares the service {service.name!r}")
    return service


def _said(error: Exception, file: Path) -> str:
    """What stops a module from being imported, with the last of its lines that is involved."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    return f"hacienda/services/{file.name}:{line or 1}: {type(error).__name__}: {error}"
