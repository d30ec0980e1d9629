#!/bin/bash
# Whether the OSDs of this machine have all of their data again after a restart.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

mapfile -t osds <"$STATE/ceph-osd/numbers"
statuses=()
for osd in "${osds[@]}"; do
    osd=$(number "$osd" "an OSD's number")
    status=$(run_as ceph python3 /usr/lib/hacienda/ceph-osd/admin_socket.py "/run/ceph/ceph-osd.$osd.asok" status 2>/dev/null) ||
        fail "osd.$osd does not run|journalctl -u ceph-osd@$osd"
    statuses+=("$status")
done
held=$(number "$(jq --slurp 'map(.num_pgs) | add' <<<"${statuses[*]}")" "the number of placement groups")
exec python3 /usr/lib/hacienda/ceph-osd/restart.py settled "$HACIENDA_NODE" "$held" "${osds[@]}"
