"""APIs are reached at the virtual IP's address, and their certificates are verified against the names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from hacienda.cloud import Cloud
from hacienda.operate.journey import access
from tests.operate.journey import stand_in
from tests.operate.journey.conftest import Store


def test_a_name_that_nothing_resolves_is_reached_and_verified(entry: access.Access, apis: stand_in.Cloud) -> None:
    assert [one.name for one in entry.admin().image.images()] == []
    assert ("POST /v3/auth/tokens", f"{stand_in.NAME}:{apis.port}") in apis.asked
    assert entry.where() == f"{apis.url} at 127.0.0.1"


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    with stand_in.serve(tmp_path, "other.lab.example") as apis, requests.Session() as web:
        web.mount("https://", access.Named({stand_in.NAME: "127.0.0.1"}))
        with pytest.raises(requests.exceptions.SSLError, match="Hostname mismatch"):
            web.get(apis.url, verify=str(tmp_path / "ca.pem"), timeout=5)


def test_proxies_of_the_operator_are_not_asked(entry: access.Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/dev/null")
    assert entry.admin().authorize()


def test_every_name_of_the_catalogue_has_the_virtual_ips_address(cloud: Cloud) -> None:
    found = access.addresses(cloud)
    assert {found[name] for name in ("internal.lab.example", "public.lab.example")} == {"192.0.2.10"}
    assert found["ctl-1.lab.example"] == str(cloud.address(cloud.nodes[0]))


def test_the_load_balancers_authority_is_trusted(cloud: Cloud, tmp_path: Path) -> None:
    asked: list[str] = []

    class Listening(Store):
        def get(self, name: str) -> bytes:
            asked.append(name)
            return b""

    access.authorities(cloud, Listening(tmp_path))  # type: ignore[arg-type]
    assert asked == ["x509/haproxy/ca.pem"]


def test_other_commands_do_not_import_the_sdk() -> None:
    program = "import sys, hacienda.cli.app; print(*{'openstack', 'keystoneauth1', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_missing_sdk_is_an_error_that_names_the_extra() -> None:
    program = (
        "import sys; sys.modules['openstack'] = None\n"
        "from hacienda.errors import ToolError\n"
        "try:\n  from hacienda.operate.journey import access\n"
        "except ToolError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "the extra `verify`" in done.stdout
