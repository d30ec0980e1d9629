"""What rules look at: a cloud, what is rendered for it, the day, and what else the project's folder holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from hacienda import services
from hacienda.assess import timers
from hacienda.assess.finding import Finding
from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import files
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import DeclarationError, Service, consistency
from hacienda.errors import Problem


@dataclass(frozen=True)
class Held:
    """One entry of an environment's store of secrets, without its value.

    Args:
        name: as it is kept.
        expires: end of a certificate's life; None: it has none.
    """

    name: str
    expires: datetime | None = None


@dataclass(frozen=True)
class Subject:
    """One environment under assessment.

    Args:
        cloud: the resolved cloud.
        today: the day that expiry is measured against.
        others: the project's other environments, for what must not clash between them.
        held: what the environment's store of secrets holds; empty where there is none.
        templates: one folder per service with its templates and scripts.
        unrendered: names of services whose files are not looked at, on purpose.
        refused: what is wrong with a certificate that another authority signed.
        unread: parts of one that cannot be read, so that nothing is known of them.
        found: what the rules before this one found; the rule ACCEPT is asked last and looks at it.
    """

    cloud: Cloud
    today: date
    others: tuple[Cloud, ...] = ()
    held: tuple[Held, ...] = ()
    templates: Path = services.TEMPLATES
    unrendered: frozenset[str] = frozenset()
    refused: tuple[Problem, ...] = ()
    unread: tuple[Problem, ...] = ()
    found: tuple[Finding, ...] = field(default=(), repr=False)

    @cached_property
    def _rendered(self) -> dict[tuple[str, str], dict[str, RenderedFile]]:
        return {}

    def files(self, service: Service, node: Node) -> dict[str, RenderedFile]:
        """A service's files on a node, by path."""
        if service.name in self.unrendered:
            return {}
        key = service.name, node.name
        if key not in self._rendered:
            made = files.service_files(self.cloud, node, service, self.templates)
            self._rendered[key] = {file.path: file for file in made}
        return self._rendered[key]

    def text(self, service: str, path: str, node: Node | None = None) -> str | None:
        """A rendered file of a service on a node.

        Args:
            service: its name.
            path: the file's path on the node.
            node: whose; None: the service's first member.

        Returns:
            The text; None where the service does not run in this cloud, or not on that node.

        Raises:
            DeclarationError: there is no such service, or it has no such file.
        """
        members = self.cloud.members(service)
        if not members or (node is not None and service not in node.services) or service in self.unrendered:
            return None
        found = self.files(self.cloud.registry[service], node or members[0])
        if path not in found:
            raise DeclarationError(f"{service} has no file {consistency.unknown(path, found)}")
        return found[path].text

    def configurations(self) -> Iterator[tuple[Service, RenderedFile]]:
        """Every configuration file (no script) of every service, as its first member has it."""
        for service in self.cloud.services:
            for file in self.files(service, self.cloud.members(service.name)[0]).values():
                if file.kind == "file" and not file.mode & 0o100:
                    yield service, file

    @cached_property
    def budget(self) -> timers.Budget:
        """How long each failure is felt at worst."""
        return timers.budget(self.cloud, templates=self.templates)

    @property
    def lab(self) -> bool:
        """Whether all machines are containers on one host, each network a bridge there: what Incus makes. Existing machines
        may be containers, too, on as many hosts as there are."""
        return self.cloud.platform.type == "incus"
