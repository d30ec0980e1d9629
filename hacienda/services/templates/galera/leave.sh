#!/bin/bash
# leave.sh [--check] NODE. Galera keeps no list of members: one that is gone is out of the component. What is left of it is the
# position it published. --check: only whether a majority of the declared members stays without NODE.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

check() { # NODE
    local name want staying=0
    want=$(member_names | wc -l)
    for name in $(primary_peers); do
        if [ "$name" != "$1" ]; then staying=$((staying + 1)); fi
    done
    if primary; then staying=$((staying + 1)); fi
    ((2 * staying > want)) ||
        fail "without $1 only $staying of $want servers are in the Primary Component|repair the others first: hacienda-verify galera on each"
    echo "$staying of $want servers stay in the Primary Component"
}

if [ "$1" = --check ]; then
    check "$2"
    exit 0
fi
etcd del "$positions/$1" >/dev/null
echo "$1 left Galera"
