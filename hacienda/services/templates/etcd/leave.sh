#!/bin/bash
# leave.sh [--check] NODE, on a surviving member: removes NODE's member, so that it no longer counts towards the quorum.
# --check: only checks whether the declared members keep their quorum without NODE.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/etcd/members.sh
. /usr/lib/hacienda/etcd/members.sh

# check NODE: counts against the declared members, not the listed ones, so that two members that left one after the other
# count as two missing ones.
check() {
    local name staying="" declared healthy
    declared=$(member_names | wc -l)
    for name in $(member_names); do
        [[ $name == "$1" ]] || staying+="${staying:+,}https://$(member_address "$name"):$CLIENT_PORT"
    done
    healthy=$(number "$(healthy_among "$staying")" "the count of healthy members")
    ((2 * healthy > declared)) ||
        fail "without $1 only $healthy of $declared members are healthy, which is no quorum|repair the others first: hacienda-verify etcd on each"
    printf '%s of %s members stay\n' "$healthy" "$declared"
}

# leave NODE: finds NODE by name, or by address if it was added and never started.
leave() {
    local members id ids address
    members=$(list_members) || fail "etcd has no quorum, so no member can leave|bring the other members back first"
    address=$(member_address "$1" || true)
    ids=$(awk -F'|' -v name="$1" -v url="https://$address:$PEER_PORT" '$2 == name || $3 == url { print $1 }' <<<"$members")
    for id in $ids; do
        etcd member remove "$id" >/dev/null || fail "etcd refuses to remove $1|see hacienda-verify etcd: a majority must be healthy"
        log "removed member $id ($1)"
    done
    printf '%s is no member of etcd\n' "$1"
}

case $1 in
    --check) check "$2" ;;
    "$HACIENDA_NODE") fail "a member cannot remove itself|run hacienda-leave $1 on another member" ;;
    *) leave "$1" ;;
esac
