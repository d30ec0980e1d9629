#!/bin/bash
# leave.sh [--check | --drain | --stay] NODE, on a controller: deletes the records that Nova and Placement have of NODE, a compute. A
# second run finds nothing to do.
# --check: nothing to check. --drain: moves the instances of NODE to other computes, those that run while they run; 75: not all yet.
# --stay: NODE takes instances again.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

what=leave node=$1
if (($# > 1)); then what=${1#--} node=$2; fi
# The others do a controller's work, and its own records do no harm: it may leave while Nova does not answer.
if [[ $what == check ]] || member_address "$node" >/dev/null; then
    echo "$node is no compute"
    exit 0
fi
code=0
said=$(timeout 100 python3 /usr/lib/hacienda/nova/computes.py "$what" "$node" "$AUTH_URL" "$LOCAL_URL/v2.1" "$IDENTITY_USER" "$IDENTITY_PASSWORD" "$DISKS_SHARED") || code=$?
printf '%s\n' "${said:-Nova does not answer within 100 s|hacienda-verify nova}"
exit "$code"
