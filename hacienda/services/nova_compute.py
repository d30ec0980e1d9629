"""nova-compute: runs the instances of a compute, with libvirt and QEMU.

A compute has no coordination service and no database. Its accounts are those that it shares with Nova on controllers: the message
queue and the cloud's user `nova`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Account,
    Assumption,
    Certificate,
    Instead,
    NodeFile,
    Port,
    Sandbox,
    Script,
    Service,
    Station,
    Template,
    Timer,
    TrustAnchor,
    sandbox,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.declare.trust import PLAIN
from hacienda.services import TEMPLATES
from hacienda.services.openstack import api, client, guest_console, messaging, reports
from hacienda.services.storage import client as disks
from hacienda.services.storage import cluster

FOLDER = "/etc/nova-compute"
CONFIGURATION = f"{FOLDER}/nova-compute.conf"
CONSOLE_LINKS = "/etc/pki/libvirt-vnc"
"""The certificate of guests' consoles, under the names that QEMU looks for. libvirt's AppArmor profile lets QEMU read there."""
CONSOLE_TLS = f"{CONSOLE_LINKS}/tls"
UNIT = "/etc/systemd/system/nova-compute.service"
LIBVIRT = "/etc/systemd/system/libvirtd.service"
PROGRAMS = "/usr/lib/hacienda/nova-compute/programs"
"""Folder of programs that Nova finds instead of others of their names; each says why."""
PRIVILEGES = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_NET_ADMIN CAP_SYS_ADMIN"
"""Capabilities of Nova's helper (nova/privsep/__init__.py); those of os-vif and os-brick are among them."""


class NovaComputeOptions(messaging.MessagingOptions):
    """Options of nova-compute."""

    virt_type: Annotated[Literal["kvm", "qemu"] | None, PLAIN] = None
    """`kvm`: guests run on the processor. `qemu`: they are emulated, which is slow and works everywhere. Default: `qemu` where
    machines are containers, otherwise `kvm`."""
    cpu_ratio: float = Field(default=4.0, ge=0.1, le=64.0)
    """Virtual processors that are sold per processor of the machine. Default: 4, as in Nova."""
    memory_ratio: float = Field(default=1.0, ge=0.1, le=16.0)
    """Memory that is sold, as a multiple of the machine's. Default: 1, as in Nova."""
    reserved_memory_mb: int = Field(default=512, ge=0, le=1048576)
    """MiB of memory that no instance gets. Default: 512, as in Nova."""
    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of nova-compute.conf that Hacienda does not set, by section: `{libvirt: {cpu_mode: host-passthrough}}`."""


STORAGE = (
    # Guests' disks are clones of images.
    disks.account("nova", {cluster.INSTANCES: "rbd", cluster.IMAGES: "rbd-read-only"}),
    # QEMU opens a volume as the user that Cinder names.
    disks.volumes(),
)
"""Accounts at the storage cluster. libvirt has their keys."""


def compute_id(cloud: Cloud, node: Node) -> str:
    """The compute's UUID in Nova and in Placement.

    Nova makes one at random at the first start and refuses to start without it later: the records of the host would have
    another one. From the names of environment and machine, a replaced machine gets that of its predecessor.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{node.name}.compute.{cloud.name}.{cloud.domain}"))


def virt_type(cloud: Cloud) -> str:
    """How guests run: `kvm` or `qemu`."""
    return cloud.options_of(NovaComputeOptions).virt_type or ("qemu" if cloud.platform.containers else "kvm")


def _zone(node: Node) -> str:
    """Availability zone of the compute's instances; empty: the machine names no failure domain of the kind `zone`."""
    return node.domains.get("zone", "")


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        **client.variables(cloud, service),
        **messaging.variables(cloud, service),
        **disks.variables(cloud, "nova-compute", "nova", STORAGE[1:]),
        "address": cloud.address(node),
        "configuration": CONFIGURATION,
        "console_links": CONSOLE_LINKS,
        "console_url": guest_console.url(cloud),
        "containers": cloud.platform.containers,
        "pool": cluster.INSTANCES,
        "privileges": PRIVILEGES,
        "programs": PROGRAMS,
        "virt_type": virt_type(cloud),
        "zone": _zone(node),
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    (identity,) = (account for account in service.accounts if account.kind == "identity")
    host, port = cloud.endpoint("nova", "api")
    _, keyring = disks.paths("nova-compute", "nova")
    return {
        "auth_url": api.auth_url(cloud),
        "compute_url": f"https://{host}:{port}/v2.1",
        "identity_user": f"/var/lib/hacienda/secrets/{identity.user_name}",
        "identity_password": f"/var/lib/hacienda/secrets/{identity.password}",
        "zone": _zone(node),
        "storage_keys": " ".join(f"{account.name}={cluster.secret_uuid(cloud, account.name)}" for account in STORAGE),
        "storage_keyring": keyring,
    }


def _node_files(cloud: Cloud, node: Node) -> tuple[NodeFile, ...]:
    return (NodeFile(f"{FOLDER}/compute_id", f"{compute_id(cloud, node)}\n", checker="uuid", on_change="restart"),)


def _stand_in(name: str) -> Template:
    """A program that Nova finds in place of another one of that name."""
    return Template(f"{PROGRAMS}/{name}", checker="shellcheck", mode=0o755, on_change="none")


service = Service(
    name="nova-compute",
    title="nova-compute, the instances of a compute",
    roles=("compute",),
    choice="on request",
    requires=("instances", "image", "identity", "instance network", *messaging.REQUIRES),
    provides=("hypervisor",),
    stands_in=(
        # Guests run on while the daemons of their compute are away.
        Station("instance reachable", "own", daemon=False, beside=("virtual switch",)),
        Station("volume I/O", "own", daemon=False, needs=("storage cluster",), only_with="block storage"),
        Station(
            "new instance",
            "any",
            beside=("virtual switch",),
            needs=("instances", "image", "identity", "instance network", "message queue", "storage cluster"),
        ),
    ),
    drained_by="instances",
    wants=("block storage", "storage cluster"),
    packages=(
        *disks.PACKAGES,
        "ceph-common",
        "nova-common",
        "nova-compute",
        "nova-compute-kvm",
        "libvirt-daemon-system",
        "libvirt-clients",
        "python3-libvirt",
    ),
    data=("/var/lib/nova", "/var/lib/libvirt"),
    # A restart of virtlogd would cut running guests off from their consoles, so it is started by libvirtd.service alone.
    units=("libvirtd.service", "nova-compute.service"),
    ports=(
        Port("libvirt", 16514, clients="internal"),
        Port("migration", 49152, clients="internal", last=49215),
        # Proxies of consoles alone. 5900 to 5999 would be enough for a hundred guests.
        Port("guest consoles", 17000, clients="users", last=17999),
    ),
    devices=("/dev/net/tun",),
    files=(
        # libvirtd reads it when it starts, and QEMU at each migration.
        Certificate(f"{FOLDER}/tls", group="libvirt-qemu", usage="peer", on_change="restart"),
        # QEMU reads it when a guest starts, and when libvirtd starts: displays.sh.
        Certificate(
            CONSOLE_TLS,
            group="libvirt-qemu",
            authority=guest_console.AUTHORITY,
            verifies_clients=True,
            on_change="restart",
        ),
        TrustAnchor(messaging.trust("nova-compute"), "message queue", group="nova", on_change="none"),
        TrustAnchor(f"{FOLDER}/identity", "identity", group="nova", on_change="restart"),
        *disks.files("nova-compute", "nova", group="nova", on_change="restart"),
        Template(CONFIGURATION, checker="oslo-config-validator", group="nova", mode=0o640),
        Template("/etc/libvirt/libvirtd.conf", checker="libvirt"),
        Template("/etc/libvirt/qemu.conf", checker="libvirt"),
        Template("/etc/libvirt/virtlogd.conf", checker="libvirt", on_change="none"),
        Template("/etc/systemd/system/virtlogd.service", checker="systemd-analyze", on_change="none"),
        Template(LIBVIRT, checker="systemd-analyze"),
        Template(UNIT, checker="systemd-analyze"),
        _stand_in("ssh"),
        _stand_in("scp"),
        # It is part of nova-compute.service.
        Template("/etc/systemd/system/nova-zone.service", checker="systemd-analyze"),
    ),
    node_files=_node_files,
    variables=_variables,
    facts=_facts,
    options=NovaComputeOptions,
    overrides=Sections(
        CONFIGURATION,
        TEMPLATES / "nova-compute/nova-compute.conf.j2",
        owned=(*api.OWNED, r"vif_plug_.*", r"(\w+_sys_admin|privsep\w*)\..*", r"(vnc|spice)\..*"),
    ),
    accounts=(
        Account("identity", "nova", roles=("admin", "service")),
        Account("messaging", "nova"),
        *STORAGE,
    ),
    timers=(
        Timer("restart", 5, UNIT),
        *messaging.timers(CONFIGURATION, NovaComputeOptions),
        *reports.timers(CONFIGURATION),
        *disks.timers("nova-compute", "nova"),
    ),
    prepare=Script("prepare.sh"),
    verify=Script("verify.sh"),
    scripts=(
        Script("displays.sh"),
        Script("secret.sh"),
        Script("state.py"),
        Script("zone.py"),
        Script("identity.py", source="../openstack/identity.py"),
    ),
    sandboxes=(
        Sandbox("nova-zone.service", ceiling=2.5, instead=(sandbox.ASKS_FOR_ADDRESSES,)),
        Sandbox(
            "virtlogd.service",
            ceiling=2.5,
            writes=("/var/lib/nova", "/var/log/libvirt"),
            instead=(
                Instead("CapabilityBoundingSet", "CAP_DAC_OVERRIDE", "guests' consoles are in folders of Nova's user"),
            ),
        ),
        Sandbox(
            "libvirtd.service",
            ceiling=5.8,
            writes=("/etc/libvirt", "/var/cache/libvirt", "/var/lib/libvirt", "/var/lib/nova", "/var/log/libvirt"),
            instead=(
                Instead("NoNewPrivileges", "", "AppArmor confines each guest by a change of profile"),
                Instead("PrivateDevices", "", "guests use /dev/kvm, /dev/net/tun and devices that are passed through"),
                Instead("ProtectControlGroups", "", "each guest gets a control group"),
                Instead(
                    "ProtectKernelTunables", "", "guests' interfaces and devices are set up through /sys and /proc/sys"
                ),
                Instead("MemoryDenyWriteExecute", "", "QEMU's emulation compiles guests' code"),
                Instead("RestrictNamespaces", "", "each guest has a mount namespace, with its own devices only"),
                Instead(
                    "RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET", "it sets interfaces up"
                ),
                Instead("SystemCallFilter", "@system-service @mount", "it mounts what a guest sees of /dev"),
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_IPC_LOCK CAP_KILL "
                    "CAP_MAC_ADMIN CAP_MKNOD CAP_NET_ADMIN CAP_NET_RAW CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_ADMIN "
                    "CAP_SYS_CHROOT CAP_SYS_NICE CAP_SYS_PTRACE CAP_SYS_RESOURCE",
                    "it starts guests as users of their own, with devices, interfaces and limits",
                ),
            ),
        ),
        Sandbox(
            "nova-compute.service",
            ceiling=3.5,
            writes=("/var/lib/nova", "/var/log/nova"),
            instead=(
                Instead("MemoryDenyWriteExecute", "", "Python's foreign functions write code"),
                Instead("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK", "os-vif sets interfaces up"),
                Instead("CapabilityBoundingSet", PRIVILEGES, "its helper owns instances' files and sets interfaces up"),
            ),
        ),
    ),
    assumptions=(
        Assumption("nova-common", "user", "nova", reason="nova-compute runs as that user"),
        Assumption("nova-common", "group", "nova", reason="the group may read its configuration"),
        Assumption("nova-common", "folder", "/var/lib/nova", reason="instances' files are there"),
        Assumption("nova-compute", "program", "/usr/bin/nova-compute", reason="nova-compute.service starts it"),
        Assumption("libvirt-daemon", "program", "/usr/sbin/libvirtd", reason="libvirtd.service starts it"),
        Assumption("libvirt-daemon-log", "program", "/usr/sbin/virtlogd", reason="virtlogd.service starts it"),
        Assumption(
            "libvirt-daemon-driver-qemu", "group", "libvirt-qemu", reason="QEMU's group reads the migration's key"
        ),
        Assumption("libvirt-daemon-driver-qemu", "user", "libvirt-qemu", reason="guests run as that user"),
        Assumption("libvirt-daemon-common", "group", "libvirt", reason="the group may use libvirt's socket"),
        Assumption(
            "libvirt-common", "folder", "/var/lib/libvirt", reason="libvirt keeps guests' definitions and sockets there"
        ),
        Assumption("libvirt-clients", "program", "/usr/bin/virsh", reason="scripts call it"),
        Assumption(
            "python3-oslo.privsep",
            "program",
            "/usr/bin/privsep-helper",
            reason="nova-compute's helper is started by it",
        ),
    ),
)
