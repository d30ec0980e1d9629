"""Shared parts of one provider process: the provider block, the departures, the record, Terraform's request to stop."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field

from hacienda import quorum
from hacienda.provider.departures import Departures
from hacienda.provider.framework.schema import Attribute
from hacienda.provider.framework.values import State
from hacienda.provider.member.turns import Turns
from hacienda.provider.record import Record

ATTRIBUTES = (
    Attribute("environment", required=True, description="Name of the environment."),
    Attribute(
        "allow_destroy",
        "bool",
        optional=True,
        description="Allow the deletion of members even if a quorum is lost, to destroy the whole environment. Default: false.",
    ),
    Attribute(
        "record", optional=True, description="Path of cluster.json, the record of clusters that exist. Default: none."
    ),
)
"""The provider block."""


@dataclass
class ProviderData:
    """One environment, as one provider process sees it. Terraform calls `configure` once, before any operation."""

    stop: threading.Event = field(default_factory=threading.Event)
    departures: Departures = field(default_factory=Departures)
    leaving: threading.Lock = field(default_factory=threading.Lock)
    turns: Turns = field(default_factory=Turns)
    environment: str = ""
    allow_destroy: bool = False
    review: bool = False
    record_path: str | None = None

    def configure(self, config: State) -> None:
        """Receive the provider block's values."""
        self.environment = str(config["environment"])
        self.allow_destroy = (
            bool(config.get("allow_destroy")) or os.environ.get(quorum.ALLOW_DESTROY) == self.environment
        )
        self.review = os.environ.get(quorum.REVIEW) == self.environment
        self.record_path = config.get("record")

    @property
    def record(self) -> Record:
        """The record that the provider block names."""
        return Record(self.record_path)
