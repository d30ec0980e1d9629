#!/bin/bash
# leave.sh NODE, on a surviving member: takes NODE's member out, so that it counts for no quorum any more.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/etcd/members.sh
. /usr/lib/hacienda/etcd/members.sh

leaving=$1
[[ $leaving != "$HACIENDA_NODE" ]] || fail "a member cannot take itself out|run hacienda-leave $leaving on another member"

members=$(list_members) || fail "etcd has no quorum, nobody can leave it|bring the other members back first"
# By name, or by address where it was added and never started.
address=$(member_address "$leaving" || true)
ids=$(awk -F'|' -v name="$leaving" -v url="https://$address:$PEER_PORT" '$2 == name || $3 == url { print $1 }' <<<"$members")
for id in $ids; do
    etcd member remove "$id" >/dev/null || fail "etcd refuses to remove $leaving|see hacienda-verify etcd: a majority must be healthy"
    log "removed member $id ($leaving)"
done
