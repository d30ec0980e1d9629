#!/bin/bash
# Restarts hacienda-galera.service, which decides whether to join or to recover, when
#   - mariadbd ended by itself (a fatal gcomm error, an inconsistency), or
#   - it has been outside a Primary Component for a while and a peer is waiting for its position.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

own=$(member_address "$HACIENDA_NODE")
stranded_seconds=10

stranded() {
    local said outside
    said=$(peer_field "$own" outside_seconds)
    outside=$(number "${said:-0}" "the checker's outside_seconds") || return 1
    [ "$outside" -ge "$stranded_seconds" ] && [ -n "$(etcd get --prefix --keys-only "$positions/" 2>/dev/null)" ]
}

while sleep 5; do
    # While that unit is starting, it handles the server itself.
    systemctl is-active --quiet hacienda-galera.service || continue
    if systemctl is-failed --quiet mariadb.service; then
        log "mariadbd ended unexpectedly: starting it again"
    elif stranded; then
        log "outside a Primary Component while a peer waits: taking part in the recovery"
        systemctl stop mariadb.service
    else
        continue
    fi
    systemctl restart --no-block hacienda-galera.service
done
