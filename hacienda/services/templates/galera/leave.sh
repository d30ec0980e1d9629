#!/bin/bash
# leave.sh [--check] NODE: deletes the position that NODE published. Galera keeps no list of members, so a stopped member has left.
# --check: only checks whether a majority of the declared members stays without NODE.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

check() { # NODE
    local name want voting declared staying=0
    want=$(member_names | wc -l)
    for name in $(primary_servers); do
        if [ "$name" != "$1" ]; then staying=$((staying + 1)); fi
    done
    # Members that the servers count besides themselves are arbiters. Servers count a dead member for a while, so never count more
    # arbiters than are declared.
    read -r -a declared <<<"$ARBITERS"
    component
    voting=$((size - serving < ${#declared[@]} ? size - serving : ${#declared[@]}))
    if [[ " $ARBITERS " == *" $1 "* ]]; then voting=$((voting - 1)); fi
    staying=$((staying + (voting > 0 ? voting : 0)))
    ((2 * staying > want)) ||
        fail "without $1 only $staying of $want members are in the Primary Component|repair the others first: hacienda-verify galera on each"
    echo "$staying of $want members stay in the Primary Component"
}

if [ "$1" = --check ]; then
    check "$2"
    exit 0
fi
etcd del "$positions/$1" >/dev/null
echo "$1 left Galera"
