#!/bin/bash
# Lets the arbitrator step aside when the servers are about to found the component again. It may be all that is left of the old
# one, and still Primary, where the servers stopped in good order: two Primary Components that meet end one of them, and the one
# that has had more members come and go survives.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

# Only when a server waits: until then the arbitrator may be what one that comes back to life needs for a majority.
in_the_way() {
    systemctl is-active --quiet garb.service &&
        [ -n "$(etcd get --prefix --keys-only "$positions/" 2>/dev/null)" ] && [ -z "$(primary_servers)" ]
}

while sleep 3; do
    in_the_way || continue
    log "no server is Primary, and one waits to be: stepping aside until they have founded the component again"
    systemctl stop garb.service
    systemctl restart --no-block hacienda-galera.service
done
