#!/bin/bash
# leave.sh [--check | --drain | --stay] NODE, on a surviving controller: takes NODE's monitor and its manager's key out of the cluster, and the OSDs that NODE
# had if it was a storage machine. A second run finds nothing to do.
# --check: only checks whether the declared monitors keep their quorum, and the data its copies, without NODE.
# --drain: moves the data of NODE, a storage machine, to the others; 75: not all of it yet. --stay: NODE holds data again.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ceph/common.sh
. /usr/lib/hacienda/ceph/common.sh

# check NODE: counts against the declared members, so that two that left one after the other count as two missing ones.
check() {
    local declared found staying
    declared=$(member_names | wc -l)
    found=$(monitor_status | jq --arg gone "$1" '.quorum as $in | [.monmap.mons[] | select(.rank as $r | $in | index($r)) | select(.name != $gone)] | length')
    staying=$(number "$found" "the number of monitors")
    ((2 * staying > declared)) ||
        fail "without $1 only $staying of $declared monitors are in the quorum|repair the others first: hacienda-verify ceph on each"
    printf '%s of %s monitors stay\n' "$staying" "$declared"
}

leave() {
    local listed
    listed=$(ceph_now mon dump --format json 2>/dev/null | jq --raw-output '.mons[].name') ||
        fail "Ceph's monitors have no quorum, so no member can leave|bring the other monitors back first"
    if grep -qxF "$1" <<<"$listed"; then
        ceph_now mon remove "$1" >&2 || fail "Ceph refuses to remove the monitor $1|hacienda-verify ceph"
        log "removed the monitor $1"
    fi
    ceph_now auth rm "mgr.$1" >&2 || fail "Ceph refuses to remove the manager's key of $1|hacienda-verify ceph"
    # An OSD that lost its power counts as running until its peers have missed it.
    wait_for 60 "the OSDs of $1 to be gone" python3 /usr/lib/hacienda/ceph/remove_machine.py "$1" ||
        fail "the OSDs of $1 are not removed|see the line above"
    printf '%s is no member of Ceph\n' "$1"
}

case $1 in
    --check) if member_address "$2" >/dev/null; then check "$2"; else exec python3 /usr/lib/hacienda/ceph/drain.py check "$2"; fi ;;
    --drain | --stay) exec python3 /usr/lib/hacienda/ceph/drain.py "${1#--}" "$2" ;;
    "$HACIENDA_NODE") fail "a member cannot remove itself|run hacienda-leave $1 on another controller" ;;
    *) leave "$1" ;;
esac
