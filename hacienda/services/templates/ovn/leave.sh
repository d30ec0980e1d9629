#!/bin/bash
# leave.sh [--check | --drain | --stay] NODE, on a surviving member: removes NODE's members, so that they no longer count towards the
# majorities, and the chassis of a machine with a switch.
# --check: only checks whether the declared members keep both majorities without NODE.
# --drain: only checks whether another gateway carries what NODE, a gateway, carries. It moves when NODE's switch stops.
# --stay: does nothing.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn/common.sh
. /usr/lib/hacienda/ovn/common.sh

# drain NODE
drain() {
    local carried others
    carried=$(database sb --bare --columns=_uuid find Chassis "name=$1") || fail "the southbound database does not answer|hacienda-verify ovn"
    [[ -z $carried ]] || carried=$(database sb --bare --columns=logical_port find Port_Binding type=chassisredirect "chassis=$carried") ||
        fail "the southbound database does not answer|hacienda-verify ovn"
    others=$(database sb --bare --columns=name find Chassis 'other_config:ovn-cms-options="enable-chassis-as-gw"') ||
        fail "the southbound database does not answer|hacienda-verify ovn"
    if [[ -n $carried ]] && ! grep --invert-match --line-regexp --fixed-strings "$1" <<<"$others" | grep --quiet .; then
        fail "$1 is the only gateway, and $(grep --count . <<<"$carried") routers use it|add a network machine first"
    fi
    printf 'nothing needs the switch of %s\n' "$1"
}

# remove_chassis NODE
remove_chassis() {
    database sb --if-exists chassis-del "$1" -- --if-exists destroy Chassis_Private "$1" >&2 ||
        fail "the chassis $1 is not removed|hacienda-verify ovn"
    printf '%s is no chassis of OVN\n' "$1"
}

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
    address=$(member_address "$1")
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
    --check) if member_address "$2" >/dev/null; then check "$2"; else echo "$2 has no database"; fi ;;
    --drain) drain "$2" ;;
    --stay) echo "$2 stays a chassis" ;;
    "$HACIENDA_NODE") fail "a member cannot remove itself|run hacienda-leave $1 on another member" ;;
    *)
        # Where controllers are the gateways, a member has a switch, too.
        if member_address "$1" >/dev/null; then leave "$1"; fi
        remove_chassis "$1"
        ;;
esac
