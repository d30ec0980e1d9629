"""Wrong values, each in one file, and what the program that reads it says. `test_validation.py` shows them to the programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hacienda.cloudinit import NodeOutput


@dataclass(frozen=True)
class Wrong:
    """A deliberately wrong value.

    Args:
        path: the file; a suffix of its path will do.
        old, new: what is replaced, once; `old` is a pattern.
        check: title of the check that must refuse the file.
        said: part of what it says.
    """

    path: str
    old: str
    new: str
    check: str
    said: str = ""

    @property
    def id(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", f"{self.path} {self.check} {self.new or self.old}".lower()).strip("-")

    def output(self, good: Sequence[NodeOutput]) -> NodeOutput:
        """The first node that has the file, with the wrong value, in an environment of this case's own."""
        for node in good:
            if self.path in ("user-data", "network-config") or any(f.path.endswith(self.path) for f in node.files):
                return self._wrong(node)
        raise LookupError(f"no file {self.path}")

    def _wrong(self, good: NodeOutput) -> NodeOutput:
        changed = replace(good, manifest={**good.manifest, "environment": self.id})
        if self.path == "user-data":
            return replace(changed, user_data=self._edit(good.user_data))
        if self.path == "network-config":
            return replace(changed, network_config=self._edit(good.network_config))
        files = tuple(replace(f, text=self._edit(f.text)) if f.path.endswith(self.path) else f for f in good.files)
        return replace(changed, files=files)

    def _edit(self, text: str) -> str:
        edited, count = re.subn(self.old, self.new, text, count=1, flags=re.MULTILINE)
        assert count == 1, f"{self.old!r} is not in {self.path}"
        return edited


UNIT = "systemd-analyze verify"
START = r"\A"
END = r"\Z"

CORE = (
    Wrong("/hacienda.sources", r"^Types: deb$", "Types: dab", "apt-get indextargets", "dab"),
    Wrong("/91hacienda-upgrades", START, "Foo {{;\\n", "apt-config", "Syntax error"),
    Wrong(
        "/needrestart/conf.d/90-hacienda.conf",
        r"\{override_rc\}",
        "{override_rc",
        "Perl, as needrestart",
        "syntax error",
    ),
    Wrong("/haproxy.cfg", r"option redispatch", "option redispatches", "haproxy -c", "redispatches"),
    Wrong("/haproxy.cfg", r"inter \d+ms", "inter fast", "haproxy -c", "unexpected character"),
    Wrong(
        "/haproxy.cfg", r"crt /etc/haproxy/tls/bundle.pem", "crt /etc/haproxy/tls/none.pem", "haproxy -c", "none.pem"
    ),
    Wrong("/haproxy.cfg", r"on-marked-down shutdown-sessions", "on-marked-down shutdown", "haproxy -c", "shutdown"),
    Wrong("/keepalived.conf", r"virtual_router_id \d+", "virtual_router_id 256", "keepalived -t", "256"),
    Wrong("/keepalived.conf", r"nopreempt", "nopre", "keepalived -t", "nopre"),
    Wrong(
        "/keepalived.conf",
        r"/usr/lib/hacienda/keepalived/check-haproxy.sh",
        "/usr/lib/none",
        "keepalived -t",
        "not found",
    ),
    Wrong(
        "/journald.conf.d/60-hacienda.conf", r"^SyncIntervalSec=", "SyncInterval=", "journald, started", "SyncInterval"
    ),
    Wrong("/journald.conf.d/60-hacienda.conf", r"SystemMaxUse=1G", "SystemMaxUse=lots", "journald, started", "lots"),
    Wrong("/systemd/network/hacienda.conf", r"=static", "=statics", "networkd, started", "statics"),
    Wrong("/systemd/network/hacienda.conf", r"^KeepConf", "KepConf", "networkd, started", "KepConfiguration"),
    Wrong("/nftables.conf", r"dport \{ ", "dport { 70000, ", "nft -c"),
    Wrong("/nftables.conf", r"ip saddr @management", "ip saddr @managment", "nft -c", "managment"),
    Wrong("/90-hacienda.cnf", r"max_connections = \d+", "max_connection = 5", "mariadbd --help", "max_connection"),
    Wrong("/90-hacienda.cnf", r"max_connections = \d+", "max_connections = 5", "mariadbd --help", "adjusted to 10"),
    Wrong("/90-hacienda.cnf", r"binlog_format = ROW", "binlog_format = ROWS", "mariadbd --help", "ROWS"),
    Wrong(
        "/90-hacienda.cnf", r"evs.suspect_timeout=", "evs.suspect_timeouts=", "mariadbd, started", "suspect_timeouts"
    ),
    Wrong("/90-hacienda.cnf", r"evs.suspect_timeout=PT1.5S", "evs.suspect_timeout=soon", "mariadbd, started", "soon"),
    Wrong("/90-hacienda.cnf", r"^ssl_key = .*", "ssl_key = /etc/mysql/none.pem", "mariadbd, started", "none.pem"),
    Wrong("/garbd.cnf", r"^group = ", "grope = ", "garbd, started", "grope"),
    Wrong("/garbd.cnf", r"evs.suspect_timeout=", "evs.suspect_timeouts=", "garbd, started", "suspect_timeouts"),
    Wrong("/garbd.cnf", r"evs.suspect_timeout=PT1.5S", "evs.suspect_timeout=soon", "garbd, started", "soon"),
    Wrong("/garbd.cnf", r"(socket.ssl_key)=[^;\n]*", r"\1=/etc/garbd/none.pem", "garbd, started", "none.pem"),
    Wrong("/garb.service", r"^Restart=always", "Restart=ever", UNIT, "ever"),
    Wrong("/rabbitmq.conf", r"net_ticktime = 10", "net_ticktime = ten", "cuttlefish", "net_ticktime"),
    Wrong("/rabbitmq.conf", r"cluster_partition_handling = \w+", "cluster_partition_handling = hope", "cuttlefish"),
    Wrong("/rabbitmq.conf", r"ssl_options.verify ", "ssl_options.verified ", "cuttlefish", "ssl_options.verified"),
    Wrong("/inter-node-tls.config", r"\]\.\s*\Z", "]", "Erlang's file:consult"),
    Wrong("/inter-node-tls.config", r"verify_peer\}", "verify_peer", "Erlang's file:consult", "syntax error"),
    Wrong("/etc/default/etcd", r"ETCD_HEARTBEAT_INTERVAL=\d+", "ETCD_HEARTBEAT_INTERVAL=soon", "etcd, started", "soon"),
    Wrong("/etc/default/etcd", r"ETCD_ELECTION_TIMEOUT=\d+", "ETCD_ELECTION_TIMEOUT=300", "etcd, started", "election"),
    Wrong("/etc/default/etcd", r"ETCD_TLS_MIN_VERSION=.*", "ETCD_TLS_MIN_VERSION=TLS9", "etcd, started", "TLS9"),
    Wrong("/etc/default/etcd", r"ETCD_CLIENT_CERT_AUTH", "ETCD_CLIENT_CERT_AUTHS", "etcd, started", "AUTHS"),
    Wrong("/etc/default/etcd", r"(ETCD_PEER_KEY_FILE)=.*", r"\1=/etc/etcd/none.pem", "etcd, started", "none.pem"),
    Wrong("/keystone.conf", r"^provider = fernet", "providers = fernet", "oslo-config-validator", "providers"),
    Wrong("/keystone.conf", r"^expiration = \d+", "expiration = long", "oslo-config-validator", "long"),
    Wrong("/keystone.conf", r"^\[token\]", "[tokens", "oslo-config-validator"),
    Wrong("/uwsgi.ini", r"^threads", "thread-count", "uwsgi, started", "thread-count"),
    Wrong("/keystone/uwsgi.ini", r"^wsgi-file = .*", "wsgi-file = /usr/bin/none", "uwsgi, started", "/usr/bin/none"),
    Wrong("/memcached.conf", r"^-c \d+", "-c many", "memcached, started"),
    Wrong("/memcached.conf", r"^-U 0", "--no-such-option", "memcached, started", "no-such-option"),
    Wrong("/clouds.yaml", r"^    auth:", "   auth:", "openstacksdk"),
    Wrong("/clouds.yaml", r"cacert: .*", "cacert: /etc/none.pem", "openstacksdk", "none.pem"),
    Wrong("/clouds.yaml", r"auth_url: .*", "auth_uri: x", "openstacksdk", "auth_url"),
    Wrong("/sshd_config.d/60-hacienda.conf", r"MaxSessions 60", "MaxSessions lots", "sshd -t", "MaxSessions"),
    Wrong("/sshd_config.d/60-hacienda.conf", r"UseDNS no", "UseDNSs no", "sshd -t", "UseDNSs"),
    Wrong("/chrony.conf", r"^(server|pool) ", "srever ", "chronyd -p", "line"),
    Wrong("/chrony.conf", END, "makestep often 3\n", "chronyd -p"),
    Wrong("/sysctl.d/60-hacienda.conf", r"tcp_retries2 = \d+", "tcp_retries2 = few", "sysctl -p", "tcp_retries2"),
    Wrong("/sysctl.d/60-hacienda.conf", r"tcp_retries2", "tcp_retries3", "sysctl -p", "tcp_retries3"),
    Wrong("/sysusers.d/hacienda-galera.conf", r"^u ", "user ", "systemd-sysusers --dry-run"),
    Wrong("/hacienda-galera.service", r"^Restart=on-failure", "Restart=on-failures", UNIT, "on-failures"),
    Wrong("/hacienda-galera.service", r"/hacienda-converge", "/hacienda-converges", UNIT, "hacienda-converges"),
    Wrong("/hacienda.target", r"^Wants=", "Want=", UNIT, "Want"),
    Wrong("/system/etcd.service", r"\[Service\]", "[Service]\nLimitNOFILES=9", UNIT, "LimitNOFILES"),
    Wrong("/hacienda/galera/join.sh", r"^set -euo pipefail", "if then", "bash -n", "then"),
    Wrong("/hacienda/galera/join.sh", r"^set -euo pipefail", "set -euo pipefail\nrm $1", "ShellCheck", "Double quote"),
    Wrong("/hacienda/galera/founder.py", START, "def f(:\n", "Python's compile"),
    Wrong("/etc/hacienda/node.env", END, "HACIENDA_X=one two\n", "bash, as variables", "two"),
    Wrong("/etc/hacienda/services/galera.env", END, "X='open\n", "bash, as variables"),
    Wrong("/etc/hosts", END, "10.77.0.999 nobody\n", "addresses and names"),
    Wrong("user-data", r"^ssh_pwauth: .*", "ssh_pwauth: [1]", "cloud-init schema", "ssh_pwauth"),
    Wrong("user-data", r"^users:", "user_list:", "cloud-init schema", "user_list"),
    Wrong("user-data", START, "#!cloud\n", "cloud-init schema", "not currently evaluated"),
    Wrong("network-config", r"mtu: \d+", "mtu: large", "cloud-init schema, network", "large"),
    Wrong("network-config", r"mtu:", "mtus:", "cloud-init's keys", "mtus"),
    Wrong("network-config", r"0\.0\.0\.0/0", "default", "cloud-init's networkd", "default"),
)
"""Files of the core services, which the lab's image reads."""

OSLO = "oslo-config-validator"
LIBRARY = "Ceph's library"
LIBVIRT = "libvirt's daemons, started"
SWITCH = "Open vSwitch's database"
SERVER = "ovsdb-server, started"
LOADED = "uwsgi, started"

FULL = (
    # Ceph: daemons, what the cluster keeps, clients, keys.
    Wrong("/etc/ceph/ceph.conf", r"^mon_lease = 5", "mon_leases = 5", LIBRARY, "mon_leases"),
    Wrong("/etc/ceph/ceph.conf", r"^mon_lease = 5", "mon_lease = soon", LIBRARY, "soon"),
    Wrong("/etc/ceph/ceph.conf", r"^ms_bind_msgr2 = true", "ms_bind_msgr2 = perhaps", LIBRARY, "perhaps"),
    Wrong("/etc/ceph/ceph.conf", r"^\[global\]", "[global", LIBRARY, "[global"),
    Wrong("/etc/ceph-osd/ceph.conf", r"^public_addr = ", "public_adr = ", LIBRARY, "public_adr"),
    Wrong("/etc/ceph/central.conf", r"^osd_pool_default_size = 3", "osd_pool_size = 3", LIBRARY, "osd_pool_size"),
    Wrong("/etc/ceph/central.conf", r"^osd_heartbeat_grace = \d+", "osd_heartbeat_grace = long", LIBRARY, "long"),
    Wrong("/ceph.client.admin.keyring", r"^\[client.admin\]", "client.admin", "ceph-authtool"),
    Wrong("/ceph.client.admin.keyring", r"^key = ", "key = x", "ceph-authtool"),
    Wrong("/systemd/system/ceph-mon.service", r"^Restart=", "Restarts=", UNIT, "Restarts"),
    Wrong("/systemd/system/ceph-osd@.service", r"^Restart=", "Restarts=", UNIT, "Restarts"),
    # OVN: database servers, the switch of each machine, daemons.
    Wrong("/etc/ovn/nb.json", r'"inactivity-probe"', '"inactivity-probes"', SERVER, "inactivity-probes"),
    Wrong("/etc/ovn/sb.json", r'"inactivity-probe": \d+', '"inactivity-probe": "soon"', SERVER, "Type mismatch"),
    Wrong("/etc/ovn/nb.json", r"ovnnb_db.db", "ovnnb.db", SERVER, "ovnnb.db"),
    Wrong("/etc/ovn/nb.json", r'"databases"', '"database"', SERVER),
    Wrong("/etc/ovn/sb.json", r"\}\s*\Z", "", SERVER),
    Wrong("/openvswitch/hacienda.json", r'"external_ids"', '"external_id"', SWITCH),
    Wrong("/openvswitch/hacienda.json", r'"ovn-encap-ip"', '"ovn encap ip"', SWITCH, "ovn encap ip"),
    Wrong("/systemd/system/ovn-northd.service", r"^Restart=", "Restarts=", UNIT, "Restarts"),
    Wrong("/systemd/system/ovs-vswitchd.service", r"^Restart=", "Restarts=", UNIT, "Restarts"),
    # libvirt.
    Wrong("/libvirtd.conf", r"^listen_tls = 1", "listen_tlss = 1", LIBVIRT, "listen_tlss"),
    Wrong("/libvirtd.conf", r"^listen_tls = 1", 'listen_tls = "always"', LIBVIRT, "listen_tls"),
    Wrong("/libvirtd.conf", r"^(key_file) = .*", r'\1 = "/etc/nova-compute/none.pem"', LIBVIRT, "none.pem"),
    Wrong("/libvirtd.conf", r"^auth_tls = .*", 'auth_tls = "hope"', LIBVIRT, "hope"),
    Wrong("/libvirt/qemu.conf", r"^migrate_tls_x509_verify", "migrate_tls_x509_verifies", LIBVIRT, "verifies"),
    Wrong("/libvirt/qemu.conf", r"^(migrate_tls_x509_cert_dir) = .*", r'\1 = "/etc/none"', LIBVIRT, "/etc/none"),
    Wrong("/libvirt/qemu.conf", r"^stdio_handler = .*", 'stdio_handler = "nobody"', LIBVIRT, "nobody"),
    Wrong("/libvirt/virtlogd.conf", r"^max_size", "max_sizes", LIBVIRT, "max_sizes"),
    Wrong("/libvirt/virtlogd.conf", r"^max_backups = 3", 'max_backups = "three"', LIBVIRT, "max_backups"),
    Wrong("/systemd/system/libvirtd.service", r"^Restart=", "Restarts=", UNIT, "Restarts"),
    Wrong("/nova-compute/compute_id", START, "x", "UUID"),
    # Nova, on controllers and on computes.
    Wrong("/nova/nova.conf", r"^discover_hosts_in_cells_interval = \d+", r"\g<0> hours", OSLO, "hours"),
    Wrong("/nova/nova.conf", r"^host_subset_size", "host_subset_sizes", OSLO, "host_subset_sizes"),
    Wrong("/nova/nova.conf", r"^valid_interfaces", "valid_interface", OSLO, "valid_interface"),
    Wrong("/nova/nova.conf", r"^\[upgrade_levels\]", "[upgrade_level]", OSLO, "upgrade_level/compute"),
    Wrong("/nova/nova.conf", r"(\[keystone_authtoken\][^[]*\n)username", r"\1user_name", OSLO, "authtoken/user_name"),
    Wrong("/nova/uwsgi.ini", r"^module = .*", "module = nova.wsgi.none", LOADED, "nova.wsgi.none"),
    Wrong("/nova-compute.conf", r"^images_type = rbd", "images_type = rdb", OSLO, "rdb"),
    Wrong("/nova-compute.conf", r"^images_rbd_pool", "images_rbd_pools", OSLO, "images_rbd_pools"),
    Wrong("/nova-compute.conf", r"(\[service_user\][^[]*\n?)auth_url", r"\1auth_uri", OSLO, "service_user/auth_uri"),
    Wrong(
        "/nova-compute.conf", r"^(\[nova_sys_admin\]\n[^[]*)helper_command", r"\1helper", OSLO, "nova_sys_admin/helper"
    ),
    Wrong("/nova-compute.conf", r"^\[privsep_osbrick\]", r"\g<0>\nthread_pool_size = many", OSLO, "many"),
    Wrong("/nova-compute.conf", r"^\[vif_plug_ovs_privileged\]", r"\g<0>\ncapabilities = CAP_FLY", OSLO, "CAP_FLY"),
    Wrong("/nova-compute.conf", r"^ovsdb_connection", "ovsdb_connections", OSLO, "os_vif_ovs/ovsdb_connections"),
    # Neutron.
    Wrong("/neutron/neutron.conf", r"^ovsdb_probe_interval = \d+", "ovsdb_probe_interval = often", OSLO, "often"),
    Wrong("/neutron/neutron.conf", r"^vni_ranges", "vni_range", OSLO, "ml2_type_geneve/vni_range"),
    Wrong("/neutron/neutron.conf", r"^ovn_nb_connection", "ovn_nb_connections", OSLO, "ovn_nb_connections"),
    Wrong("/neutron/neutron.conf", r"(\[placement\][^[]*\n)auth_url", r"\1auth_uri", OSLO, "placement/auth_uri"),
    Wrong("/neutron/uwsgi.ini", r"^threads", "thread-count", "uwsgi, without its application", "thread-count"),
    # Cinder: its backend, its helpers, its log-ins.
    Wrong("/cinder.conf", r"^rbd_pool", "rbd_pools", OSLO, "backend_defaults/rbd_pools"),
    Wrong("/cinder.conf", r"^(rbd_exclusive_cinder_pool) = .*", r"\1 = maybe", OSLO, "maybe"),
    Wrong("/cinder.conf", r"^\[backend_defaults\]", "[ceph]\nrbd_pol = x\n\n[backend_defaults]", OSLO, "ceph/rbd_pol"),
    Wrong(
        "/cinder.conf",
        r"^\[backend_defaults\]",
        "[ceph]\nrados_connect_timeout = soon\n\n[backend_defaults]",
        OSLO,
        "soon",
    ),
    Wrong("/cinder.conf", r"^(\[cinder_sys_admin\]\n[^[]*capabilities) =", r"\1 = CAP_FLY", OSLO, "CAP_FLY"),
    Wrong("/cinder.conf", r"^(\[privsep_osbrick\]\n)capabilities", r"\1capability", OSLO, "osbrick/capability"),
    Wrong("/cinder.conf", r"(\[service_user\][^[]*\n)auth_type = .*", r"\1auth_type = hope", OSLO, "hope"),
    Wrong("/cinder.conf", r"(\[service_user\][^[]*\n)username", r"\1user_nam", OSLO, "service_user/user_nam"),
    Wrong("/cinder.conf", r"(\[nova\][^[]*\n)project_name", r"\1project_nam", OSLO, "nova/project_nam"),
    Wrong("/cinder.conf", r"^\[coordination\]", "[coordinations]", OSLO, "coordinations"),
    # It may call other services in one region alone, and has no option for it.
    Wrong("/cinder.conf", r"^glance_num_retries", "os_region_name", OSLO, "os_region_name"),
    Wrong("/cinder/uwsgi.ini", r"^module = .*", "module = cinder.wsgi.none", LOADED, "cinder.wsgi.none"),
    # Glance: its stores.
    Wrong("/glance-api.conf", r"^rbd_store_pool", "rbd_store_pools", OSLO, "rbd/rbd_store_pools"),
    Wrong("/glance-api.conf", r"^\[rbd\]", r"\g<0>\nrbd_store_chunk_size = big", OSLO, "big"),
    Wrong("/glance-api.conf", r"^\[rbd\]", "[rdb]", OSLO, "rdb/rbd_store_pool"),
    Wrong("/glance-api.conf", r"^enabled_backends = .*", "enabled_backends = rbd", OSLO, "enabled_backends"),
    Wrong("/glance-api.conf", r"^\[os_glance_tasks_store\]", "[os_glance_task_store]", OSLO, "os_glance_task_store"),
    Wrong(
        "/glance-api.conf",
        r"^\[os_glance_staging_store\]",
        r"\g<0>\nfilesystem_store_chunk_size = big",
        OSLO,
        "chunk_size",
    ),
    Wrong("/glance/uwsgi.ini", r"^wsgi-file = .*", "wsgi-file = /usr/bin/none", LOADED, "/usr/bin/none"),
    # Placement.
    Wrong("/placement.conf", r"^\[placement_database\]", "[database]", OSLO, "database/connection"),
    Wrong("/placement/uwsgi.ini", r"^module = .*", "module = placement.wsgi.none", LOADED, "placement.wsgi.none"),
)
"""Files of a cloud with every service, which the image of `lab-full` reads."""
