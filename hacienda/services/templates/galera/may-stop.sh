#!/bin/bash
# Exits with 0 when this member may stop: the others keep a majority without it.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

primary || exit 0 # it serves no clients, so a stop costs nothing
want=$(member_names | wc -l)
size=$(number "$(wsrep cluster_size)" "mariadbd's wsrep_cluster_size")
# Galera does not count a cleanly stopped member, but then one more failure ends the service.
if [ "$want" -gt 2 ] && [ $(((size - 1) * 2)) -le "$want" ]; then
    echo "$size of $want members in the cluster"
    exit 1
fi
for name in $SERVERS; do
    [ "$name" != "$HACIENDA_NODE" ] || continue
    if [ "$(peer_field "$(member_address "$name")" ready)" = true ]; then exit 0; fi
done
[ "$SERVERS" = "$HACIENDA_NODE" ] || {
    echo "no other member is Synced"
    exit 1
}
