#!/bin/bash
# Whether both clusters keep their majority while this member restarts: more than half of all members must be in the quorum without it.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn/common.sh
. /usr/lib/hacienda/ovn/common.sh

read -r -a others <<<"$PEERS"
for side in $SIDES; do
    said=$(status "$side") ||
        fail "the $(name "$side") server does not answer|journalctl -u $(unit "$side") on this node"
    members=$(listed <<<"$said" | wc -l)
    ((members > 1)) || continue
    found=$(healthy "$side" "$(cluster_of "$side")" "${others[@]}")
    count=$(number "$found" "the number of healthy members")
    ((2 * count > members)) ||
        fail "only $count other members of $members in the $(name "$side") cluster are healthy|repair them first: hacienda-verify ovn on each"
done
