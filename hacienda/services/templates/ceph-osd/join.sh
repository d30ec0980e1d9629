#!/bin/bash
# Makes the OSDs of the declared disks that have none yet, and starts all of this machine. A machine that takes the place of a dead one
# takes its OSDs' numbers, so the cluster moves no other data.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

made=$(python3 /usr/lib/hacienda/ceph-osd/osds.py) || fail "${made:-the OSDs of this machine are not made|see the lines above}"
mkdir -p "$STATE/ceph-osd"
printf '%s\n' "$made" >"$STATE/ceph-osd/.numbers"
mv "$STATE/ceph-osd/.numbers" "$STATE/ceph-osd/numbers"
units=() # instances of ceph-osd@.service
for number in $made; do
    number=$(number "$number" "an OSD's number")
    units+=("ceph-osd@$number.service")
done
systemctl start ceph-osd.target "${units[@]}"
