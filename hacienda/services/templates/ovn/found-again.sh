#!/bin/bash
# For an operator whose other members have lost their data for good: makes clusters of one member out of this node's data. The others
# then join them. A second run after an interruption continues.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn/common.sh
. /usr/lib/hacienda/ovn/common.sh

# renew SIDE: keeps the former data as *.former.
renew() {
    local path
    path=$(file "$1")
    run_as ovn rm -f "$path.saved" "$path.new"
    run_as ovn ovsdb-tool cluster-to-standalone "$path.saved" "$path"
    run_as ovn ovsdb-tool create-cluster "$path.new" "$path.saved" "$(raft "$1" "$HACIENDA_ADDRESS")"
    run_as ovn mv --no-target-directory "$path" "$path.former"
    run_as ovn mv --no-target-directory "$path.new" "$path"
    run_as ovn rm -f "$path.saved"
}

read -r -a members <<<"$MEMBERS"

for side in $SIDES; do
    has_data "$side" || fail "this node has no data of the $(name "$side") database|run this on the member that has it"
    [[ $(healthy "$side" "$(cluster_of "$side")" "${members[@]}") == 0 ]] ||
        fail "the $(name "$side") cluster has a majority|nothing is lost: hacienda-verify ovn says which member needs what"
done
systemctl stop hacienda-ovn.service ovn-northd.service ovn-ovsdb-server-nb.service ovn-ovsdb-server-sb.service
for side in $SIDES; do renew "$side"; done
ids=$(cluster_of nb):$(cluster_of sb)
etcd put /hacienda/boot/ovn "done:$ids" >/dev/null || fail "etcd does not answer|bring it back first, then run this again"
printf '%s\n' "$ids" >"$STATE/done/ovn"
systemctl start hacienda-ovn.service
printf 'OVN is founded again as %s; the other members join it without their former data\n' "$ids"
