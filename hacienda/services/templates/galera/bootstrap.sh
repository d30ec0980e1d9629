#!/bin/bash
# Founds the cluster on this node, once for each environment. Prints the cluster's UUID as its last line.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

started=/var/lib/hacienda/galera.founding

if ! running; then
    position=$(recovered_position)
    uuid=${position%:*}
    if [ "$uuid" != "$blank" ] && [ ! -e "$started" ]; then
        fail "this node holds data of the Galera cluster $uuid, but etcd knows of no cluster|if etcd lost its data: etcdctl put /hacienda/boot/galera done:$uuid; if the database is of no use: $(discard_command)"
    fi
    touch "$started"
    new_cluster "$position" >&2
fi
wait_for 60 "Galera to be Primary and Synced" synced >&2

# root and mysql log in through the socket only. Over TCP, only the services' users log in, with TLS.
"${client[@]}" >&2 <<'EOF'
ALTER USER root@localhost IDENTIFIED VIA unix_socket;
CREATE USER IF NOT EXISTS sst@localhost IDENTIFIED VIA unix_socket AS 'mysql';
GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO sst@localhost;
GRANT CREATE TABLESPACE, REPLICA MONITOR, CONNECTION ADMIN ON *.* TO sst@localhost;
DROP USER IF EXISTS mysql@localhost;
CREATE USER IF NOT EXISTS `galera-check`@localhost IDENTIFIED VIA unix_socket;
EOF
rm -f "$reason_file"
wsrep cluster_state_uuid
