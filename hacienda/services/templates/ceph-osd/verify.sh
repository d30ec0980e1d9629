#!/bin/bash
# verify.sh [--local]: every declared disk has an OSD, which runs and takes part in the cluster.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

declared=$(number "$(wc -w <<<"$DISKS")" "how many disks are declared")
((declared > 0)) || fail "this storage machine has no disk for an OSD|declare one: disks: {osd: 4TiB}"
[[ -s $STATE/ceph-osd/numbers ]] || fail "this machine has no OSD yet|journalctl -u hacienda-ceph-osd"
up=()
for number in $(<"$STATE/ceph-osd/numbers"); do
    number=$(number "$number" "an OSD's number")
    state=$(run_as ceph python3 /usr/lib/hacienda/ceph-osd/admin_socket.py "/run/ceph/ceph-osd.$number.asok" status 2>/dev/null | jq --raw-output .state) ||
        fail "osd.$number does not run|journalctl -u ceph-osd@$number"
    [[ $state == active ]] ||
        fail "osd.$number is $state, not active|hacienda-verify ceph on the controllers; journalctl -u ceph-osd@$number"
    up+=("osd.$number")
done
((${#up[@]} >= declared)) ||
    fail "${#up[@]} of $declared declared disks have an OSD|journalctl -u hacienda-ceph-osd: a disk is missing, or it is not blank"
printf '%s active\n' "${up[*]}"
