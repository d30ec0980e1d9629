#!/bin/bash
# leave.sh [--check] NODE, on a surviving member: removes NODE's members, so that they no longer count towards the majorities.
# --check: only checks whether the declared members keep both majorities without NODE.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn/common.sh
. /usr/lib/hacienda/ovn/common.sh

# check NODE: counts against the declared members, not the listed ones, so that two members that left one after the other count as
# two missing ones.
check() {
    local side member staying=() declared count found
    for member in $MEMBERS; do
        [[ ${member%%=*} == "$1" ]] || staying+=("$member")
    done
    declared=$(member_names | wc -l)
    for side in $SIDES; do
        found=$(healthy "$side" "$(cluster_of "$side")" "${staying[@]}")
        count=$(number "$found" "the number of healthy members")
        ((2 * count > declared)) ||
            fail "without $1 only $count of $declared members of the $(name "$side") cluster are healthy, which is no majority|repair the others first: hacienda-verify ovn on each"
    done
    printf '%s of %s members stay\n' "$count" "$declared"
}

# leave NODE
leave() {
    local side address
    address=$(member_address "$1") || fail "$1 is no declared member of OVN|see the members in the environment file"
    for side in $SIDES; do
        is_member "$side" || fail "the $(name "$side") cluster has no majority, so no member can leave|bring the other members back first"
        is_gone "$side" "$(raft "$side" "$address")" && continue
        kick "$side" "$(raft "$side" "$address")" ||
            fail "the $(name "$side") cluster refuses to remove $1|see hacienda-verify ovn: a majority must be healthy"
        log "removed $1 from the $(name "$side") cluster"
    done
    printf '%s is no member of OVN\n' "$1"
}

case $1 in
    --check) check "$2" ;;
    "$HACIENDA_NODE") fail "a member cannot remove itself|run hacienda-leave $1 on another member" ;;
    *) leave "$1" ;;
esac
