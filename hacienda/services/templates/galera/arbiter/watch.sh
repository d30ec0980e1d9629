#!/bin/bash
# Stops the arbitrator when the servers are about to found the component again. After a clean stop of the servers the arbitrator may
# be the last member of the old component, and still Primary. When two Primary Components meet, only the one with more changes of
# membership survives, which may be the old one.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

# Only when a server waits: until then a returning server may need the arbitrator for a majority.
in_the_way() {
    systemctl is-active --quiet garb.service &&
        [ -n "$(etcd get --prefix --keys-only "$positions/" 2>/dev/null)" ] && [ -z "$(primary_servers)" ]
}

while sleep 3; do
    in_the_way || continue
    log "no server is Primary, and one waits to be: stopping garbd until the servers have founded the component again"
    systemctl stop garb.service
    systemctl restart --no-block hacienda-galera.service
done
