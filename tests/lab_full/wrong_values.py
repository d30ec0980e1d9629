"""Wrong values in files of services that only a cloud with every service has, which the image of `lab-full` reads."""

from __future__ import annotations

from tests.lab.validating import Wrong
from tests.lab.wrong_values import START, UNIT

OSLO = "oslo-config-validator"
LIBRARY = "Ceph's library"
LIBVIRT = "libvirt's daemons, started"
SWITCH = "Open vSwitch's database"
SERVER = "ovsdb-server, started"
LOADED = "uwsgi, started"

CASES = (
    # Ceph: daemons, what the cluster keeps, clients, keys.
    Wrong("/etc/ceph/ceph.conf", r"^mon_lease = 5", "mon_leases = 5", LIBRARY, "mon_leases"),
    Wrong("/etc/ceph/ceph.conf", r"^mon_lease = 5", "mon_lease = soon", LIBRARY, "soon"),
    Wrong("/etc/ceph/ceph.conf", r"^ms_bind_msgr2 = true", "ms_bind_msgr2 = perhaps", LIBRARY, "perhaps"),
    Wrong("/etc/ceph/ceph.conf", r"^\[global\]", "[global", LIBRARY, "[global"),
    Wrong("/etc/ceph-osd/ceph.conf", r"^public_addr = ", "public_adr = ", LIBRARY, "public_adr"),
    Wrong("/etc/glance/ceph.conf", r"^mon_host = ", "mon_hosts = ", LIBRARY, "mon_hosts"),
    Wrong("/etc/cinder/ceph.conf", r"^ms_client_mode = .*", "ms_client_modes = secure", LIBRARY, "ms_client_modes"),
    Wrong("/etc/nova-compute/ceph.conf", r"\Z", "\nrados_mon_op_timeout = soon\n", LIBRARY, "soon"),
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
    Wrong("/nova/uwsgi.ini", r"^threads", "thread-count", LOADED, "thread-count"),
    Wrong("/nova-compute.conf", r"^images_type = rbd", "images_type = rdb", OSLO, "rdb"),
    Wrong("/nova-compute.conf", r"^images_rbd_pool", "images_rbd_pools", OSLO, "images_rbd_pools"),
    Wrong("/nova-compute.conf", r"(\[service_user\][^[]*\n?)auth_url", r"\1auth_uri", OSLO, "service_user/auth_uri"),
    Wrong(
        "/nova-compute.conf", r"^(\[nova_sys_admin\]\n[^[]*)helper_command", r"\1helper", OSLO, "nova_sys_admin/helper"
    ),
    Wrong("/nova-compute.conf", r"^\[privsep_osbrick\]", r"\g<0>\nthread_pool_size = many", OSLO, "many"),
    Wrong("/nova-compute.conf", r"^\[vif_plug_ovs_privileged\]", r"\g<0>\ncapabilities = CAP_FLY", OSLO, "CAP_FLY"),
    Wrong("/nova-compute.conf", r"^ovsdb_connection", "ovsdb_connections", OSLO, "os_vif_ovs/ovsdb_connections"),
    Wrong("/nova-compute.conf", r"^server_listen", "server_listens", OSLO, "vnc/server_listens"),
    Wrong("/libvirt/qemu.conf", r"^vnc_tls_x509_verify", "vnc_tls_x509_verifies", LIBVIRT, "verifies"),
    Wrong("/libvirt/qemu.conf", r"^(vnc_tls_x509_cert_dir) = .*", r'\1 = "/etc/none"', LIBVIRT, "/etc/none"),
    Wrong("/nova-console.conf", r"^auth_schemes", "auth_scheme", OSLO, "vnc/auth_scheme"),
    Wrong("/nova-console.conf", r"^novncproxy_port = \d+", "novncproxy_port = first", OSLO, "first"),
    Wrong("/systemd/system/nova-console.service", r"^Restart=", "Restarts=", UNIT, "Restarts"),
    # Neutron.
    Wrong("/neutron/neutron.conf", r"^ovsdb_probe_interval = \d+", "ovsdb_probe_interval = often", OSLO, "often"),
    Wrong("/neutron/neutron.conf", r"^vni_ranges", "vni_range", OSLO, "ml2_type_geneve/vni_range"),
    Wrong("/neutron/neutron.conf", r"^ovn_nb_connection", "ovn_nb_connections", OSLO, "ovn_nb_connections"),
    Wrong("/neutron/neutron.conf", r"(\[placement\][^[]*\n)auth_url", r"\1auth_uri", OSLO, "placement/auth_uri"),
    Wrong("/neutron/uwsgi.ini", r"^threads", "thread-count", "uwsgi, without its application", "thread-count"),
    Wrong("/neutron-metadata.conf", r"^nova_metadata_port = \d+", "nova_metadata_port = first", OSLO, "first"),
    Wrong(
        "/neutron-metadata.conf", r"^metadata_proxy_socket", "metadata_proxy_sockets", OSLO, "metadata_proxy_sockets"
    ),
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
    Wrong("/placement.conf", r"^\[placement_database\]", "[placement_databases]", OSLO, "placement_databases"),
    Wrong("/placement/uwsgi.ini", r"^module = .*", "module = placement.wsgi.none", LOADED, "placement.wsgi.none"),
)
