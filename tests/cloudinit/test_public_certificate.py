"""A certificate of another authority: load balancers show it for the public name, and nothing rendered holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda import cloudinit, secrets
from hacienda.cloud import Cloud
from hacienda.constructs import Places, render
from hacienda.errors import InputError
from hacienda.review.validation.dummies import Dummies
from hacienda.secrets import pki
from tests.secrets import test_provided as samples
from tests.services import composed

API = "api: {public_name: cloud.example.org, certificate: {chain: chain.pem, key: key.pem, authority: ca.pem}}\n"
ONE = composed.LAB + API
TWO = ONE.replace("vip: 10.77.0.10}", "vip: 10.77.0.10}\n  public: {cidr: 192.0.2.0/24, vip: 192.0.2.9}")
COMPUTE = ONE.replace("controller: 3", "controller: 3\n  compute: 1")
PLATFORMS = ("incus", "existing")


def binds(cloud: Cloud) -> dict[str, str]:
    """What keystone's front end listens on -> the certificates it shows there."""
    text = composed.rendered(cloud, "haproxy")["/etc/haproxy/haproxy.cfg"].text
    section = text.partition("\nlisten keystone-api\n")[2].partition("\nlisten ")[0]
    lines = (line.split() for line in section.splitlines() if line.strip().startswith("bind "))
    return {words[1]: " ".join(words[3:-2]) for words in lines}


def test_the_only_virtual_ip_shows_each_name_its_own(tmp_path: Path) -> None:
    assert binds(composed.cloud(tmp_path, ONE)) == {
        "10.77.0.10:5000": "crt /etc/haproxy/public/bundle.pem crt /etc/haproxy/tls/bundle.pem"
    }


def test_two_virtual_ips_show_one_each(tmp_path: Path) -> None:
    assert binds(composed.cloud(tmp_path, TWO)) == {
        "10.77.0.10:5000": "crt /etc/haproxy/tls/bundle.pem",
        "192.0.2.9:5000": "crt /etc/haproxy/public/bundle.pem",
    }


def test_the_environment_s_authority_vouches_for_the_internal_name_alone(tmp_path: Path) -> None:
    for text in (ONE, TWO):
        names = {name for leaf in cloudinit.needs(composed.cloud(tmp_path, text)).leaves for name in leaf.names}
        assert "cloud.example.org" not in names
        assert "internal.lab.internal" in names


@pytest.mark.parametrize("platform", PLATFORMS)
def test_only_load_balancers_are_given_it(platform: str, tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, COMPUTE.replace("incus", platform))
    for node in cloud.nodes:
        output = cloudinit.render(cloud, node, "")
        assert ("x509/public/bundle.pem" in output.secret_names) is (node.role == "controller")
        for file in output.files:
            if "x509/public/bundle.pem" in file.secrets:
                assert (file.path, file.mode, file.on_change) == ("/etc/haproxy/public/bundle.pem", 0o400, "reload")


def test_the_administrator_s_clients_trust_its_authority(tmp_path: Path) -> None:
    found = composed.rendered(composed.cloud(tmp_path, ONE), "keystone")
    public = found["/etc/openstack/clouds.yaml"].text.partition("lab-public:")[2]
    assert "auth_url: https://cloud.example.org:5000/v3\n" in public
    assert "cacert: /etc/openstack/public-ca.pem\n" in public
    assert found["/etc/openstack/public-ca.pem"].secrets == ("x509/public/ca.pem",)
    unnamed = composed.rendered(composed.cloud(tmp_path, ONE.replace(", authority: ca.pem", "")), "keystone")
    assert "/etc/openstack/public-ca.pem" not in unnamed
    assert "cacert: /etc/ssl/certs/ca-certificates.crt\n" in unnamed["/etc/openstack/clouds.yaml"].text


def test_programs_that_validate_are_shown_a_whole_bundle(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, ONE)
    bundle = Dummies([cloudinit.needs(cloud)]).value("x509/public/bundle.pem").encode()
    assert pki.Pair.parse(bundle)


def test_its_key_is_in_the_store_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pki, "utc_now", lambda: samples.NOW)
    samples.provided(tmp_path)
    cloud = composed.cloud(tmp_path, ONE)
    content = render(cloud, Places(tmp_path, tmp_path / "out", cloud.name))
    content.mint()
    store = secrets.open_store(secrets.StoreSpec.of(tmp_path, cloud.name, "file"))
    assert store.get("x509/public/bundle.pem").endswith(samples.LEAF.key_pem())
    cloudinit.write(content.nodes.values(), tmp_path / "out/nodes", tmp_path / "out/rendered")
    key = samples.LEAF.key_pem().split(b"\n")[1]
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) > 100
    assert not [path for path in written if key in path.read_bytes()]
    assert content.digests is not None
    assert "x509/public/bundle.pem" in content.digests["ctl-1"]


def test_a_name_that_is_both_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is for the public name, which here is the internal name"):
        composed.cloud(tmp_path, ONE.replace("public_name: cloud.example.org, ", ""))
