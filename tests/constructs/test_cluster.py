"""A few services on machines of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hacienda.constructs import Cluster, Network, VirtualIp
from hacienda.errors import InputError
from hacienda.platforms import Existing, Incus
from tests.constructs.conftest import App, make_app


def cluster(app: App, **props: Any) -> Cluster:
    network = Network(app.stack, "management", platform=Existing(known_hosts="/k"), cidr="10.78.0.0/24")
    vip = VirtualIp(app.stack, "vip", network=network, address="10.78.0.10")
    given = {"services": ["galera"], "networks": [network], "virtual_ips": [vip], "root": app.root, **props}
    return Cluster(app.stack, "cluster", **given)


def test_endpoints_are_behind_the_virtual_ip(app: App) -> None:
    made = cluster(app)
    assert made.endpoint("galera", "mysql") == ("10.78.0.10", 3306)
    assert made.endpoint("etcd", "client") == ("10.78.0.11", 2379)
    assert made.names == ("ctl-1", "ctl-2", "ctl-3")


def test_existing_machines_need_no_machine_resources(app: App) -> None:
    cluster(app)
    resources = app.synth()["resource"]
    assert set(resources) == {"hacienda_member", "hacienda_gate"}
    assert resources["hacienda_member"]["ctl-1"]["trust"] == "known_hosts:/k"


def test_settings_and_options_are_those_of_an_environment_file(app: App) -> None:
    made = cluster(app, settings={"domain": "db.example.org", "ssh": {"user": "debian"}}, machines=5)
    assert made.cloud.domain == "db.example.org"
    assert app.synth()["resource"]["hacienda_member"]["ctl-5"]["user"] == "debian"


def test_what_the_cluster_writes_lies_where_the_stack_looks(app: App) -> None:
    cluster(app)
    member = app.synth()["resource"]["hacienda_member"]["ctl-1"]
    folder = Path(app.app.outdir) / "stacks/database"
    assert (folder / member["bundle"]).is_file()
    assert (folder / member["secret_store"].removeprefix("file:")).resolve() == app.root / ".hacienda/database/secrets"
    assert (folder / ".terraform.lock.hcl").is_file()


@pytest.mark.parametrize(
    ("props", "reason"),
    [
        ({"services": ["galero"]}, "'galero' is not a service"),
        ({"networks": []}, "networks: is empty"),
        ({"options": {"galera": {"nope": 1}}}, "services.galera.nope"),
        ({"settings": {"domian": "x"}}, "domian"),
        ({"virtual_ips": []}, "no virtual IP"),
    ],
)
def test_bad_props_are_told_in_the_operators_words(app: App, props: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        cluster(app, **props)
    assert not (Path(app.app.outdir) / "nodes").exists()


def test_nothing_is_written_before_the_app_is_synthesized(app: App) -> None:
    cluster(app)
    out = Path(app.app.outdir)
    assert not (app.root / ".hacienda").exists()
    assert not [path for path in out.rglob("*") if path.is_file()]
    app.synth()
    assert (app.root / ".hacienda/database/secrets").is_dir()
    assert {path.name for path in (out / "nodes/database").iterdir()} == {"ctl-1", "ctl-2", "ctl-3"}
    assert {path.name for path in out.iterdir()} == {"manifest.json", "nodes", "rendered", "stacks"}


def test_a_second_synthesis_writes_the_same(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        app = make_app(tmp_path / "project", "database")
        cluster(app)
        found.append(app.synth()["resource"])
    assert found[0] == found[1]
    assert found[0]["hacienda_member"]["ctl-1"]["secrets"]


def test_bridges_of_two_projects_do_not_meet() -> None:
    names = {Incus(project=f"hacienda-{name}").bridge("management") for name in ("lab", "database", "databases")}
    assert len(names) == 3 and all(len(name) <= 15 for name in names)
