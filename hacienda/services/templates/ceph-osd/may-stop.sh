#!/bin/bash
# Whether every placement group keeps enough copies while the OSDs of this machine restart. If so, the cluster moves no data meanwhile.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

[[ -s $STATE/ceph-osd/numbers ]] || exit 0 # no OSD was made here yet
mapfile -t osds <"$STATE/ceph-osd/numbers"
exec python3 /usr/lib/hacienda/ceph-osd/restart.py may-stop "$HACIENDA_NODE" "$SPARE" "${osds[@]}"
