#!/bin/bash
# Whether the other monitors keep their quorum while this one restarts.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ceph/common.sh
. /usr/lib/hacienda/ceph/common.sh

systemctl is-active --quiet ceph-mon.service || exit 0
status=$(monitor_status) || exit 0
all=$(number "$(jq '.monmap.mons | length' <<<"$status")" "the number of monitors")
((all > 1)) || exit 0
rank=$(number "$(jq .rank <<<"$status")" "this monitor's rank")
others=$(number "$(jq --argjson me "$rank" '[.quorum[] | select(. != $me)] | length' <<<"$status")" "the number of others")
((2 * others > all)) || fail "only $others other monitors of $all are in the quorum|repair them first"
