"""Neutron: what is rendered for its API and its daemons, and how it reaches OVN."""

from __future__ import annotations

import re
import sys
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType

import pytest

from hacienda.cloud import Cloud
from hacienda.errors import InputError
from hacienda.services import neutron
from tests.services import composed
from tests.services.stated import Found

STATED = {
    "ovsdb probe": Found(r"^ovsdb_probe_interval = (\d+)$", "ms"),
    "ovsdb connection_timeout": Found(r"^ovsdb_connection_timeout = (\d+)$"),
    "ovsdb retry": Found(r"^ovsdb_retry_max_interval = (\d+)$"),
}
UWSGI = "/etc/neutron/uwsgi.ini"
NETWORKS = composed.LAB.replace(
    "machines:",
    "  tenant: {cidr: 10.79.0.0/24, mtu: 9000}\n  external: {cidr: 10.76.0.0/24, gateway: 10.76.0.1}\nmachines:",
)


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def configuration(cloud: Cloud, node: str = "ctl-1") -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(composed.rendered(cloud, "neutron", node)[neutron.CONFIGURATION].text)
    return parser


def test_every_server_of_both_databases_is_known_over_tls(lab: Cloud) -> None:
    ovn = configuration(lab)["ovn"]
    for database, port in (("nb", 6641), ("sb", 6642)):
        servers = ovn[f"ovn_{database}_connection"].split(",")
        assert servers == [f"ssl:10.77.0.{host}:{port}" for host in (11, 12, 13)]
        files = composed.rendered(lab, "neutron")
        for option, file in (("private_key", "key"), ("certificate", "cert"), ("ca_cert", "ca")):
            rendered = files[ovn[f"ovn_{database}_{option}"]]
            assert rendered.path == f"/etc/neutron/ovn/{file}.pem"
            assert (rendered.group, rendered.mode) == ("neutron", 0o440)


def test_a_dead_server_is_noticed_before_a_request_gives_up(lab: Cloud) -> None:
    """The client of a database waits twice the probe's interval; HAProxy's client waits for 60 s."""
    ovn = configuration(lab)["ovn"]
    timeout = int(ovn["ovsdb_connection_timeout"])
    assert 2 * int(ovn["ovsdb_probe_interval"]) / 1000 < timeout / 2
    assert timeout <= 60


def test_uwsgi_gives_the_hash_ring_what_it_needs(lab: Cloud, tmp_path: Path) -> None:
    """Without the time of its start, each worker would remove the others of its node from the ring."""
    options = "services: {ovn: true, neutron: {workers: 3}}\n"
    for cloud, workers in ((lab, "2"), (composed.cloud(tmp_path, composed.LAB + options), "3")):
        lines = composed.rendered(cloud, "neutron")[UWSGI].text.splitlines()
        assert "set-placeholder = start-time=%t" in lines
        assert "lazy-apps = true" in lines
        assert f"processes = {workers}" in lines
        assert configuration(cloud)["DEFAULT"]["api_workers"] == workers
    assert [configuration(lab, f"ctl-{one}")["DEFAULT"]["host"] for one in (1, 2, 3)] == ["ctl-1", "ctl-2", "ctl-3"]


def test_no_other_configuration_is_read(lab: Cloud) -> None:
    """Debian's ml2_conf.ini has other drivers, and Neutron reads it where nothing says which files to read."""
    files = composed.rendered(lab, "neutron")
    assert "env = OS_NEUTRON_CONFIG_FILES=/etc/neutron/neutron.conf" in files[UWSGI].text
    for one in neutron.DAEMONS:
        (command,) = re.findall(r"^ExecStart=(.*)$", files[f"/etc/systemd/system/{one.unit}"].text, re.MULTILINE)
        assert command == f"/usr/bin/{one.name} --config-file /etc/neutron/neutron.conf"
    assert "--config-file /etc/neutron/neutron.conf upgrade heads" in composed.fact(lab, "neutron", "MIGRATE")


def test_its_daemons_return_whatever_they_end_with(lab: Cloud) -> None:
    for one in neutron.DAEMONS:
        unit = composed.rendered(lab, "neutron")[f"/etc/systemd/system/{one.unit}"].text
        assert "Restart=always" in unit
        assert "StartLimitIntervalSec=0" in unit
    assert composed.fact(lab, "neutron", "HACIENDA_UNITS").split() == [
        "neutron.service",
        "neutron-periodic-workers.service",
        "neutron-ovn-maintenance-worker.service",
    ]


class Ring:
    """Neutron's table of workers: an entry that exists cannot be added."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def add_node(self, context: object, group_name: str, node_uuid: str, created_at: str = "") -> str:
        assert node_uuid not in self.entries
        self.entries[node_uuid] = created_at
        return node_uuid

    def remove_node_by_uuid(self, context: object, node_uuid: str) -> None:
        self.entries.pop(node_uuid, None)


def test_a_worker_takes_the_place_of_one_that_was_killed(lab: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its predecessor's entry is still in the ring, and its own has the same name."""
    ring = Ring()
    for name, module in (("neutron.db", {"ovn_hash_ring_db": ring}), ("neutron.wsgi.api", {"application": "the API"})):
        stand_in = ModuleType(name)
        vars(stand_in).update(module)
        monkeypatch.setitem(sys.modules, name.partition(".")[0], ModuleType("neutron"))
        monkeypatch.setitem(sys.modules, name.rpartition(".")[0], ModuleType(name.rpartition(".")[0]))
        monkeypatch.setitem(sys.modules, name, stand_in)
    program = composed.program("neutron", "application.py")
    assert program.application == "the API"
    for created_at in ("first", "second"):
        assert ring.add_node(None, "mechanism_driver", "worker 1", created_at=created_at) == "worker 1"
    assert ring.entries == {"worker 1": "second"}
    assert "module = application" in composed.rendered(lab, "neutron")[UWSGI].text.splitlines()


def test_no_package_brings_a_script_that_starts_by_itself() -> None:
    """Debian's packages of the daemons have scripts of System V, which no preset disables."""
    assert not {package for package in neutron.service.packages if package.startswith("neutron-")} - {"neutron-common"}


def test_instances_have_the_mtu_that_their_network_carries(tmp_path: Path) -> None:
    """An external network of 1500 behind tunnels of 9000, and the other way round."""
    for text, tunnel, provider in ((NETWORKS, 9000, 1500), (NETWORKS.replace(", mtu: 9000", ""), 1500, 1500)):
        found = configuration(composed.cloud(tmp_path, text + composed.CHOSEN))
        assert int(found["DEFAULT"]["global_physnet_mtu"]) == max(tunnel, provider)
        assert int(found["ml2"]["path_mtu"]) == tunnel
        assert found["ml2"]["physical_network_mtus"] == f"external:{provider}"


def test_a_cloud_without_an_external_network_has_no_physical_one(lab: Cloud, tmp_path: Path) -> None:
    found = configuration(lab)
    assert "external" not in composed.rendered(lab, "neutron")[neutron.CONFIGURATION].text
    assert found["ml2"]["type_drivers"] == "geneve"
    found = configuration(composed.cloud(tmp_path, NETWORKS + composed.CHOSEN))
    assert found["ml2"]["type_drivers"] == "geneve,flat,vlan"
    assert found["ml2_type_flat"]["flat_networks"] == found["ml2_type_vlan"]["network_vlan_ranges"] == "external"


def test_no_instance_has_a_name_of_the_cloud_s_own(lab: Cloud) -> None:
    assert configuration(lab)["DEFAULT"]["dns_domain"] == "instances.lab.internal"


def test_nova_and_placement_are_asked_inside_the_cloud_with_its_own_user(lab: Cloud) -> None:
    for section in ("nova", "placement"):
        found = configuration(lab)[section]
        assert found["endpoint_type"] == "internal"
        assert found["username"] == "@{secret:identity/neutron.user}@"
        assert found["cafile"] == "/etc/neutron/identity/ca.pem"
    (account,) = (one for one in lab.accounts("identity") if one.name == "neutron")
    assert set(account.roles) == {"admin", "service"}


def test_the_database_expects_the_daemons_too(lab: Cloud, tmp_path: Path) -> None:
    """Each process has a pool of its own."""
    (account,) = (one for one in neutron.service.accounts if one.kind == "database")
    assert account.connections is not None
    found = configuration(lab)["database"]
    pool = int(found["max_pool_size"]) + int(found["max_overflow"])
    processes = int(configuration(lab)["DEFAULT"]["api_workers"]) + neutron.DAEMON_PROCESSES
    assert account.connections(lab, lab.node("ctl-1")) == processes * pool


@pytest.mark.parametrize(
    "overrides",
    [{"ovn": {"ovn_nb_connection": "tcp:1.2.3.4:6641"}}, {"nova": {"insecure": "true"}}, {"DEFAULT": {"host": "x"}}],
    ids=["databases", "trust", "host"],
)
def test_no_operator_sets_what_the_cloud_decides(overrides: dict[str, dict[str, str]]) -> None:
    assert neutron.service.overrides is not None
    assert list(neutron.service.overrides.refusals("neutron", overrides))


OVN = "services: {ovn: true, neutron: true}\n"
TRUNK = (
    "  trunk: {cidr: 10.75.0.0/24, purpose: external, mtu: 1400, roles: [network, compute], "
    "provider: {name: physnet1, flat: false, vlans: [300, 100-199]}}\n"
)


def networks(text: str, *services: str) -> str:
    """A cloud with all kinds of machines that has Neutron, with further networks."""
    machines = text.replace("controller: 3\n", "controller: 3\n  network: 2\n  compute: 1\n")
    return machines + OVN.replace(
        "neutron: true", f"neutron: {{{', '.join(services)}}}" if services else "neutron: true"
    )


def test_an_external_network_alone_is_flat_and_administrators_name_its_vlans(tmp_path: Path) -> None:
    found = configuration(composed.cloud(tmp_path, networks(NETWORKS)))
    assert found["ml2"]["type_drivers"] == "geneve,flat,vlan"
    assert found["ml2"]["tenant_network_types"] == "geneve"
    assert found["ml2"]["physical_network_mtus"] == "external:1500"
    assert found["ml2_type_flat"]["flat_networks"] == "external"
    assert found["ml2_type_vlan"]["network_vlan_ranges"] == "external"
    assert "enable_distributed_floating_ip" not in found["ovn"]


def test_neutron_takes_vlans_from_the_ranges_of_the_file(tmp_path: Path) -> None:
    found = configuration(composed.cloud(tmp_path, networks(NETWORKS.replace("machines:", f"{TRUNK}machines:"))))
    assert found["ml2"]["physical_network_mtus"] == "external:1500,physnet1:1400"
    assert found["ml2_type_flat"]["flat_networks"] == "external"
    assert found["ml2_type_vlan"]["network_vlan_ranges"] == "external,physnet1:300:300,physnet1:100:199"
    assert found["DEFAULT"]["global_physnet_mtu"] == "9000"


def test_tenants_get_vlans_and_floating_ips_leave_at_the_compute_where_the_file_says_so(tmp_path: Path) -> None:
    wide = NETWORKS.replace("gateway: 10.76.0.1}", "gateway: 10.76.0.1, roles: [network, compute]}")
    text = networks(
        wide.replace("machines:", f"{TRUNK}machines:"),
        "tenant_network_types: [vlan, geneve]",
        "floating_ips: distributed",
    )
    found = configuration(composed.cloud(tmp_path, text))
    assert found["ml2"]["tenant_network_types"] == "vlan,geneve"
    # Neutron reads a network without a range as 1 to 4094, and would give tenants the VLANs of `external`.
    assert found["ml2_type_vlan"]["network_vlan_ranges"] == "physnet1:300:300,physnet1:100:199"
    assert found["ovn"]["enable_distributed_floating_ip"] == "true"


@pytest.mark.parametrize(
    ("services", "trunk", "said"),
    [
        (
            "tenant_network_types: [vlan]",
            "",
            "services.neutron.tenant_network_types: has `vlan`, and no network has VLANs",
        ),
        (
            "tenant_network_types: [vlan]",
            TRUNK.replace("[network, compute]", "[network]"),
            "tenant_network_types: `vlan` needs a card of trunk on each compute, and computes are not on that network\n"
            "  Write `roles: [network, compute]` at networks.trunk.",
        ),
        (
            "floating_ips: distributed",
            "",
            "services.neutron.floating_ips: `distributed` needs a card of external on each compute",
        ),
    ],
)
def test_an_option_that_the_networks_do_not_allow_is_refused(
    tmp_path: Path, services: str, trunk: str, said: str
) -> None:
    """With the other errors of the file, at once."""
    text = networks(NETWORKS.replace("machines:", f"{trunk}machines:"), services)
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        composed.cloud(tmp_path, text)
    assert len(caught.value.problems) == 1
    with pytest.raises(InputError) as caught:
        composed.cloud(tmp_path, text.replace("gateway: 10.76.0.1", "gateway: 10.99.0.1"))
    assert len(caught.value.problems) == 2
