"""The vocabulary every room shares: how a system says what it needs. It imports nothing of ours."""

from hacienda.declare.files import (
    Action,
    Certificate,
    NodeFile,
    Script,
    SecretDirectory,
    SecretFile,
    Template,
)
from hacienda.declare.network import Check, Clients, Frontend, Port, Scope
from hacienda.declare.registry import DeclarationError, Registry
from hacienda.declare.secret import FERNET_KEYS, Secret, SecretKind
from hacienda.declare.service import Arbiter, CatalogueEntry, Database, MessageUser, Service, ServiceOptions
from hacienda.declare.timer import Timer

__all__ = [
    "FERNET_KEYS",
    "Action",
    "Arbiter",
    "CatalogueEntry",
    "Certificate",
    "Check",
    "Clients",
    "Database",
    "DeclarationError",
    "Frontend",
    "MessageUser",
    "NodeFile",
    "Port",
    "Registry",
    "Scope",
    "Script",
    "Secret",
    "SecretDirectory",
    "SecretFile",
    "SecretKind",
    "Service",
    "ServiceOptions",
    "Template",
    "Timer",
]
