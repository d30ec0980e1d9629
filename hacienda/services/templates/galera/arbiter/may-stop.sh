#!/bin/bash
# Exits with 0 when the arbitrator may stop: the others keep a majority without it.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

component
want=$(member_names | wc -l)
[ "$serving" != 0 ] || exit 0 # no server serves clients, so a stop costs nothing
if [ "$want" -gt 2 ] && [ $(((size - 1) * 2)) -le "$want" ]; then
    echo "$size of $want members in the cluster"
    exit 1
fi
