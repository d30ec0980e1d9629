"""The environment file of the operator: parsed once into frozen models, with every error reported at once."""

from hacienda.environment.catalog import find, shipped
from hacienda.environment.load import Reading, build, examine, load
from hacienda.environment.model import Environment
from hacienda.environment.schema import schema

__all__ = ["Environment", "Reading", "build", "examine", "find", "load", "schema", "shipped"]
