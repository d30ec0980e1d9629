"""The context of an operation: its diagnostics, private data, partial state, and Terraform's request to stop."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from hacienda import printing
from hacienda.provider.framework.values import UNKNOWN, State
from hacienda.provider.protocol import tfplugin6_pb2 as wire


@dataclass
class Context:
    """One operation on one resource.

    Args:
        stop: set when Terraform asks running operations to end soon.
        config: the configuration, with None for attributes that it does not set.
        private: the provider's own data beside the state, which Terraform never shows.
    """

    stop: threading.Event
    config: State = field(default_factory=dict)
    private: dict[str, Any] = field(default_factory=dict)
    diagnostics: list[wire.Diagnostic] = field(default_factory=list)
    replace: list[str] = field(default_factory=list)
    partial: State | None = None

    def error(self, summary: str, detail: str = "") -> None:
        """Add an error: the operation has failed."""
        self._add(wire.Diagnostic.Severity.ERROR, summary, detail)

    def warning(self, summary: str, detail: str = "") -> None:
        """Add a warning."""
        self._add(wire.Diagnostic.Severity.WARNING, summary, detail)

    def save(self, state: State) -> None:
        """Keep the current result: if the operation fails later, it stays in the state (tainted, on creation)."""
        self.partial = {name: None if value is UNKNOWN else value for name, value in state.items()}

    def _add(self, severity: wire.Diagnostic.Severity.ValueType, summary: str, detail: str) -> None:
        self.diagnostics.append(
            wire.Diagnostic(severity=severity, summary=printing.lines(summary), detail=printing.lines(detail))
        )


def load_private(data: bytes) -> dict[str, Any]:
    """Private data from the wire; empty if there was none."""
    return dict(json.loads(data)) if data else {}


def dump_private(data: dict[str, Any]) -> bytes:
    """Private data for the wire."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode() if data else b""
