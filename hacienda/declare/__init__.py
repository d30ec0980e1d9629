"""The vocabulary that every package shares: with it a service declares what it needs. It imports no other package of Hacienda.

Names that need Pydantic are imported at their first use. Terraform starts the provider several times per command; the provider
uses none of these names, and without Pydantic it starts in half the time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hacienda.declare.account import Account, AccountKind
from hacienda.declare.assumption import Assumption, AssumptionKind
from hacienda.declare.errors import DeclarationError
from hacienda.declare.files import (
    Action,
    Certificate,
    NodeFile,
    Script,
    SecretDirectory,
    SecretFile,
    Template,
    TrustAnchor,
    Usage,
    authority_secret,
)
from hacienda.declare.limit import Limit, Resource
from hacienda.declare.network import Check, Clients, Frontend, Port, Scope
from hacienda.declare.redundancy import Redundancy
from hacienda.declare.sandbox import Instead, Sandbox
from hacienda.declare.secret import FERNET_KEYS, Secret, SecretKind, placeholder
from hacienda.declare.station import Station
from hacienda.declare.timer import NoTimer, Timer
from hacienda.declare.vocabulary import Capability, Choice, Deed, Placement, Role

if TYPE_CHECKING:
    from hacienda.declare.registry import Registry
    from hacienda.declare.service import Arbiter, CatalogueEntry, Service, ServiceOptions

__all__ = [
    "FERNET_KEYS",
    "Account",
    "AccountKind",
    "Action",
    "Arbiter",
    "Assumption",
    "AssumptionKind",
    "Capability",
    "CatalogueEntry",
    "Certificate",
    "Check",
    "Choice",
    "Clients",
    "DeclarationError",
    "Deed",
    "Frontend",
    "Instead",
    "Limit",
    "NoTimer",
    "NodeFile",
    "Placement",
    "Port",
    "Redundancy",
    "Registry",
    "Resource",
    "Role",
    "Sandbox",
    "Scope",
    "Script",
    "Secret",
    "SecretDirectory",
    "SecretFile",
    "SecretKind",
    "Service",
    "ServiceOptions",
    "Station",
    "Template",
    "Timer",
    "TrustAnchor",
    "Usage",
    "authority_secret",
    "placeholder",
]


def __getattr__(name: str) -> Any:
    """A name of `__all__` that is not imported yet."""
    if name in __all__:
        registry = importlib.import_module("hacienda.declare.registry")
        for module in (registry, importlib.import_module("hacienda.declare.service")):
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
