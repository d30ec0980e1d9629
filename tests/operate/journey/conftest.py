"""A cloud's description, the stand-in for its APIs, and a traveller between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hacienda import services
from hacienda.cloud import Cloud, read
from hacienda.operate.journey import access
from hacienda.operate.journey.image import Image
from hacienda.operate.journey.traveller import Traveller
from tests.operate.journey import stand_in

ENVIRONMENT = """\
name: small
platform: {type: existing, known_hosts: known_hosts}
domain: lab.example
api: {internal_name: internal.lab.example, public_name: public.lab.example}
networks:
  management: {cidr: 192.0.2.0/24, vip: 192.0.2.10}
machines:
  controller: 3
services:
  glance: {}
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    """A cloud with images, without instances, networks and volumes."""
    file = tmp_path / "small.yaml"
    file.write_text(ENVIRONMENT)
    return read(file, services.registry())


@pytest.fixture
def apis(tmp_path: Path) -> Iterator[stand_in.Cloud]:
    """The stand-in."""
    with stand_in.serve(tmp_path) as found:
        yield found


@dataclass
class Store:
    """Has the administrator's password and the stand-in's authority."""

    folder: Path

    def get(self, name: str) -> bytes:
        """A secret."""
        return (self.folder / "ca.pem").read_bytes() if name.startswith("x509/") else b"secret"


@pytest.fixture
def entry(cloud: Cloud, apis: stand_in.Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> access.Access:
    """Signs in to the stand-in as if it were at the virtual IP."""
    monkeypatch.setattr(access, "addresses", lambda _: {stand_in.NAME: "127.0.0.1"})
    store: Any = Store(tmp_path)
    folder = tmp_path / "access"
    folder.mkdir()
    made = access.Access(cloud, store, folder)
    made.auth_url = apis.url
    return made


@pytest.fixture
def traveller(cloud: Cloud, entry: access.Access, tmp_path: Path) -> Traveller:
    """A journey with a guest of two small files."""
    for name in ("vmlinuz", "initrd"):
        (tmp_path / name).write_text(name)
    image = Image.own(tmp_path / "vmlinuz", tmp_path / "initrd", "quiet", "MARK")
    return Traveller(cloud, entry, entry.admin(), "hacienda-verify-abcdef-1700000000", image, lambda text: None)
