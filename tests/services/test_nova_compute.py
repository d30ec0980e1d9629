"""nova-compute: its identity, what it is given, and how libvirt is opened to other computes alone."""

from __future__ import annotations

import re
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hacienda.cloud import Cloud
from hacienda.cloudinit import render
from hacienda.services import nova_compute
from tests.services import composed
from tests.services.sandbox import Sandbox

NODE = "cmp-1"
STATE = composed.program("nova-compute", "state.py")
ZONE = composed.program("nova-compute", "zone.py")
ROLES = (
    composed.LAB + "  compute: 2\nservices: {glance: true, neutron: true, nova: true, nova-compute: true, ovn: true}\n"
)
STORED = ROLES.replace("compute: 2", "compute: 2\n  storage: 3").replace(
    "glance: true", "ceph: true, ceph-osd: true, glance: true"
)
VOLUMES = STORED.replace("ceph: true", "ceph: true, cinder: true")
EXISTING = ROLES.replace("platform: incus", "platform: {type: existing, known_hosts: known_hosts}")


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path, ROLES)


def configuration(cloud: Cloud) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(composed.rendered(cloud, "nova-compute", NODE)[nova_compute.CONFIGURATION].text)
    return parser


def test_a_compute_gets_the_secrets_of_its_two_accounts_and_no_password_of_the_database(lab: Cloud) -> None:
    output = render(lab, lab.node(NODE), "")
    assert {name for name in output.secret_names if not name.startswith("x509/")} == {
        "identity/nova",
        "identity/nova.user",
        "messaging/nova",
        "messaging/nova.user",
    }
    assert not [name for name in configuration(lab).sections() if "database" in name]
    assert not [file.path for file in output.files if file.path.startswith("/etc/etcd")]


def test_disks_are_in_the_storage_cluster_where_the_cloud_has_one(lab: Cloud, tmp_path: Path) -> None:
    assert "images_type" not in configuration(lab)["libvirt"]
    assert "secret.sh" not in composed.rendered(lab, "nova-compute", NODE)[nova_compute.LIBVIRT].text
    stored = composed.cloud(tmp_path, STORED)
    assert configuration(stored)["libvirt"]["images_type"] == "rbd"
    assert set(render(stored, stored.node(NODE), "").secret_names) - set(
        render(lab, lab.node(NODE), "").secret_names
    ) == {"storage/cinder", "storage/nova"}
    key = composed.rendered(stored, "nova-compute", NODE)[f"{nova_compute.FOLDER}/ceph.client.nova.keyring"]
    assert (key.group, key.mode, key.on_change) == ("nova", 0o640, "restart")
    unit = composed.rendered(stored, "nova-compute", NODE)[nova_compute.LIBVIRT].text
    assert "ExecStartPost=/usr/lib/hacienda/nova-compute/secret.sh" in unit.splitlines()


def test_the_key_of_disks_reaches_libvirt_by_no_argument(tmp_path: Path) -> None:
    """Arguments of a process are seen by all users."""
    virsh = 'if [[ $* == *secret-* ]]; then cat >>"$STATE_DIR/read"; fi'
    stored = composed.cloud(tmp_path, VOLUMES)
    node = Sandbox(tmp_path / "node", stored, NODE, "nova-compute", {"virsh": virsh})
    keyring = node.root / "keyring"
    keyring.write_text("[client.nova]\nkey = AQBX==\n[client.cinder]\nkey = AQBY==\n")
    facts = node.root / "etc/hacienda/services/nova-compute.env"
    facts.write_text(f"{facts.read_text()}STORAGE_KEYRING={keyring}\n")
    for _ in range(2):
        assert node.run("secret.sh").code == 0
    assert "AQB" not in "".join(node.calls("virsh"))
    read = (node.state / "read").read_text()
    assert [read.count(key) for key in ("AQBX==", "AQBY==")] == [2, 2]
    keyring.write_text("[client.nova]\nkey = AQBX==\n")
    assert node.run("secret.sh").code == 1


def test_guests_open_volumes_as_the_user_that_cinder_names(tmp_path: Path) -> None:
    """QEMU asks libvirt for the key by Cinder's name of it. With another user's key, the cluster says "Permission denied"."""
    stored = composed.cloud(tmp_path, VOLUMES)
    text = composed.rendered(stored, "cinder", "ctl-1")["/etc/cinder/cinder.conf"].text
    settings = composed.settings(text.partition("[backend_defaults]")[2].partition("\n[")[0])
    names = dict(pair.split("=") for pair in composed.fact(stored, "nova-compute", "STORAGE_KEYS", NODE).split())
    assert names[settings["rbd_user"]] == settings["rbd_secret_uuid"] != names["nova"]
    keyring = composed.rendered(stored, "nova-compute", NODE)[f"{nova_compute.FOLDER}/ceph.client.nova.keyring"].text
    assert {f"[client.{user}]" for user in names} == set(re.findall(r"^\[.*\]$", keyring, re.M))


def test_a_replaced_compute_has_the_identity_of_its_predecessor(lab: Cloud, tmp_path: Path) -> None:
    path = f"{nova_compute.FOLDER}/compute_id"
    found = [composed.rendered(lab, "nova-compute", name)[path].text.strip() for name in ("cmp-1", "cmp-2")]
    assert len({UUID(each) for each in found}) == 2
    again = composed.cloud(tmp_path, ROLES.replace("compute: 2", "compute: 3"))
    assert composed.rendered(again, "nova-compute", NODE)[path].text.strip() == found[0]
    other = composed.cloud(tmp_path, ROLES.replace("name: lab", "name: other"))
    assert composed.rendered(other, "nova-compute", NODE)[path].text.strip() != found[0]


@pytest.mark.parametrize(("text", "kind"), [(ROLES, "qemu"), (EXISTING, "kvm")])
def test_guests_are_emulated_in_containers_alone(text: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text("")
    cloud = composed.cloud(tmp_path, text)
    assert configuration(cloud)["libvirt"]["virt_type"] == kind
    qemu = composed.rendered(cloud, "nova-compute", NODE)["/etc/libvirt/qemu.conf"].text
    assert ("remember_owner = 0" in qemu) == (kind == "qemu")


def test_libvirt_listens_with_tls_alone_and_verifies(lab: Cloud) -> None:
    text = composed.settings(composed.rendered(lab, "nova-compute", NODE)["/etc/libvirt/libvirtd.conf"].text)
    assert (text["listen_tls"], text["listen_tcp"], text["tls_no_verify_certificate"]) == ("1", "0", "0")
    assert text["listen_addr"] == f'"{lab.address(lab.node(NODE))}"'
    qemu = composed.settings(composed.rendered(lab, "nova-compute", NODE)["/etc/libvirt/qemu.conf"].text)
    assert qemu["migrate_tls_x509_verify"] == "1"


def test_its_helper_needs_no_sudo(lab: Cloud) -> None:
    sections = [name for name, values in configuration(lab).items() if "helper_command" in values]
    assert sections == ["nova_sys_admin", "vif_plug_ovs_privileged", "privsep_osbrick"]
    unit = composed.rendered(lab, "nova-compute", NODE)[nova_compute.UNIT].text
    assert "NoNewPrivileges=yes" in unit
    assert f"AmbientCapabilities={nova_compute.PRIVILEGES}" in unit


def test_a_restart_leaves_guests_and_their_consoles(lab: Cloud) -> None:
    files = composed.rendered(lab, "nova-compute", NODE)
    assert "KillMode=process" in files[nova_compute.LIBVIRT].text.splitlines()
    assert "virtlogd.service" not in lab.registry["nova-compute"].units


SYSTEMCTL = '[[ -e "$STATE_DIR/down-${@: -1}" ]] && exit 1; exit 0'
VIRSH = '[[ ! -e "$STATE_DIR/deaf" ]] || exit 1; printf "instance-1\\ninstance-2\\n\\n"'
PYTHON = 'cat "$STATE_DIR/says" 2>/dev/null; [[ ! -e "$STATE_DIR/says-no" ]]'


@pytest.fixture(name="node")
def _node(tmp_path: Path, lab: Cloud) -> Sandbox:
    programs = {"systemctl": SYSTEMCTL, "virsh": VIRSH, "python3": PYTHON, "timeout": 'shift; exec "$@"'}
    return Sandbox(tmp_path / "node", lab, NODE, "nova-compute", programs)


def test_a_healthy_compute_says_how_many_guests_it_has(node: Sandbox) -> None:
    assert node.run("verify.sh", "--local").output == "libvirt answers, 2 guests\n"
    (node.state / "says").write_text("cmp-1 is enabled and reports to Nova")
    assert node.run("verify.sh").output == "cmp-1 is enabled and reports to Nova, 2 guests\n"


@pytest.mark.parametrize(
    ("state", "said"),
    [("down-nova-compute.service", "nova-compute.service is not running"), ("deaf", "libvirt does not answer")],
)
def test_what_is_wrong_is_said(state: str, said: str, node: Sandbox) -> None:
    (node.state / state).touch()
    outcome = node.run("verify.sh", "--local")
    assert outcome.code == 1
    assert said in outcome.errors


def test_a_compute_that_nova_does_not_hear_is_unhealthy_but_may_start(node: Sandbox) -> None:
    (node.state / "says").write_text("Nova does not know cmp-1|journalctl -u nova-compute")
    (node.state / "says-no").touch()
    assert node.run("verify.sh").code == 1
    assert node.run("verify.sh", "--local").code == 0


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ([], "Nova does not know cmp-1"),
        ([{"state": "up", "zone": "nova"}], "cmp-1 is in the zone nova instead of a"),
        ([{"state": "down", "updated_at": "2026-11-29T10:00:00"}], "heard nothing of cmp-1 since 2026-11-29T10:00:00"),
        ([{"state": "up", "zone": "a"}], ""),
    ],
)
def test_the_state_is_what_nova_lists(services: list[dict[str, str]], said: str) -> None:
    assert said in STATE.problem("cmp-1", "a", services)
    assert bool(said) == bool(STATE.problem("cmp-1", "a", services))


class Nova:
    """Stands for Nova's aggregates. As Nova does, it answers a new one without its hosts, and adds known hosts only."""

    def __init__(self, known: set[str], **hosts: list[str]) -> None:
        names = {name.replace("_", "-"): each for name, each in hosts.items()}
        self.aggregates = [{"id": at, "name": name, "hosts": each} for at, (name, each) in enumerate(names.items())]
        self.known, self.changes = known, 0

    def get(self, path: str) -> dict[str, object]:
        assert path == "/os-aggregates"
        return {"aggregates": self.aggregates}

    def send(self, method: str, path: str, body: dict[str, dict[str, str]]) -> dict[str, object]:
        self.changes += 1
        ((action, said),) = body.items()
        if action == "aggregate":
            made = {"id": len(self.aggregates), "name": said["name"]}
            self.aggregates.append({**made, "hosts": [], "zone": said["availability_zone"]})
            return {"aggregate": made}
        one: Any = self.aggregates[int(path.split("/")[2])]
        if said["host"] not in self.known:
            raise ZONE.IdentityError("404", refused=True)
        one["hosts"].append(said["host"]) if action == "add_host" else one["hosts"].remove(said["host"])
        return {}

    def members(self) -> dict[str, list[str]]:
        return {str(one["name"]): list(one["hosts"]) for one in self.aggregates}  # type: ignore[call-overload]


def test_a_compute_joins_its_zone_once_and_makes_it_if_it_is_the_first() -> None:
    nova = Nova({"cmp-1", "cmp-2"})
    for host in ("cmp-1", "cmp-2", "cmp-1"):
        ZONE.place(nova, host, "a")
    assert nova.members() == {"hacienda-a": ["cmp-1", "cmp-2"]}
    assert nova.aggregates[0]["zone"] == "a"
    assert nova.changes == 3


def test_a_compute_leaves_its_former_zone_and_no_aggregate_of_the_operator() -> None:
    nova = Nova({"cmp-1"}, hacienda_a=["cmp-1"], fast=["cmp-1"], b=[])
    ZONE.place(nova, "cmp-1", "b")
    assert nova.members() == {"hacienda-a": [], "fast": ["cmp-1"], "b": [], "hacienda-b": ["cmp-1"]}
    ZONE.place(nova, "cmp-1", "")
    assert nova.members() == {"hacienda-a": [], "fast": ["cmp-1"], "b": [], "hacienda-b": []}


def test_a_compute_that_nova_does_not_know_yet_tries_again(lab: Cloud) -> None:
    with pytest.raises(ZONE.IdentityError):
        ZONE.place(Nova(set()), "cmp-1", "a")
    lines = composed.rendered(lab, "nova-compute", NODE)["/etc/systemd/system/nova-zone.service"].text.splitlines()
    assert {"Restart=on-failure", "StartLimitIntervalSec=0", "PartOf=nova-compute.service"} <= set(lines)
    assert (
        "Wants=libvirtd.service nova-zone.service"
        in composed.rendered(lab, "nova-compute", NODE)[nova_compute.UNIT].text
    )


def test_the_zone_is_the_machines_failure_domain(lab: Cloud, tmp_path: Path) -> None:
    unit = "/etc/systemd/system/nova-zone.service"
    zones = ROLES.replace("compute: 2", "compute: {count: 2, spread: zone, domains: [a, b]}")
    cloud = composed.cloud(tmp_path, zones)
    for node, zone in (("cmp-1", "a"), ("cmp-2", "b")):
        assert f' {node} "{zone}" ' in composed.rendered(cloud, "nova-compute", node)[unit].text
        assert composed.fact(cloud, "nova-compute", "ZONE", node) == zone
    assert composed.fact(lab, "nova-compute", "ZONE", NODE) == ""


class TestMovesWithoutAccess:
    """Nova makes a folder on the destination by ssh, which computes lack. An instance with its disks elsewhere needs none."""

    FOLDER = "instances/0b5b9a0e-0000-4000-8000-000000000001"

    def run(self, lab: Cloud, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """A program as nova-compute finds it, with libvirt's folder elsewhere."""
        text = composed.rendered(lab, "nova-compute", NODE)[f"{nova_compute.PROGRAMS}/{words[0]}"].text
        script = tmp_path / words[0]
        script.write_text(text.replace("/var/lib/libvirt", f"{tmp_path}/libvirt"))
        return subprocess.run(["bash", script, *words[1:]], capture_output=True, text=True, check=False)

    def asks(self, lab: Cloud, tmp_path: Path, *words: str) -> int:
        return self.run(lab, tmp_path, "ssh", "-o", "BatchMode=yes", "10.77.0.42", *words).returncode

    def test_nova_compute_finds_them(self, lab: Cloud) -> None:
        unit = composed.rendered(lab, "nova-compute", NODE)[nova_compute.UNIT].text
        assert f"Environment=PATH={nova_compute.PROGRAMS}:/usr/sbin:/usr/bin" in unit.splitlines()

    @pytest.mark.parametrize(
        ("file", "code"),
        [("console.log", 0), ("kernel", 0), ("disk.info", 0), ("disk", 1), ("disk.config", 1), ("disk.eph0", 1)],
    )
    def test_an_instance_with_a_disk_here_is_refused(self, lab: Cloud, tmp_path: Path, file: str, code: int) -> None:
        folder = tmp_path / self.FOLDER
        folder.mkdir(parents=True)
        (folder / file).touch()
        assert self.asks(lab, tmp_path, "mkdir", "-p", str(folder)) == code

    def test_the_memory_of_a_tpm_is_refused(self, lab: Cloud, tmp_path: Path) -> None:
        folder = tmp_path / self.FOLDER
        assert self.asks(lab, tmp_path, "mkdir", "-p", str(folder)) == 0
        (tmp_path / "libvirt/swtpm" / folder.name).mkdir(parents=True)
        assert self.asks(lab, tmp_path, "mkdir", "-p", str(folder)) == 1

    def test_the_folder_is_nobodys_shared_one(self, lab: Cloud, tmp_path: Path) -> None:
        """Nova makes a file there and looks whether it sees it. It removes what it made when a move fails."""
        for words in (("touch", "/a.tmp"), ("rm", "/a.tmp"), ("rm", "-rf", "/a")):
            assert self.asks(lab, tmp_path, *words) == 1

    def test_of_files_only_what_the_destination_finds_out_itself_counts_as_copied(
        self, lab: Cloud, tmp_path: Path
    ) -> None:
        for file, code in (("disk.info", 0), ("disk", 1)):
            words = ("scp", "-C", "-r", f"/a_resize/{file}", f"10.77.0.42:/a/{file}")
            assert self.run(lab, tmp_path, *words).returncode == code
