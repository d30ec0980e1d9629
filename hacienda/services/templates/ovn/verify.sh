#!/bin/bash
# verify.sh [--local]: this node's servers are members of the recorded clusters, which have leaders, and northd reaches both. Without
# --local every declared member must be in both quorums, and no other may be listed.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn/common.sh
. /usr/lib/hacienda/ovn/common.sh

read -r -a members <<<"$MEMBERS"

for one in $HACIENDA_UNITS; do
    systemctl --quiet is-active "$one" || fail "$one is not running|journalctl -u $one -u hacienda-ovn on this node"
done

for side in $SIDES; do
    said=$(status "$side" 2>/dev/null) ||
        fail "the $(name "$side") cluster removed this member|systemctl stop $(unit "$side") && systemctl restart hacienda-ovn on this node"
    is_member "$side" ||
        fail "the $(name "$side") cluster has no majority here: $(says Status <<<"$said"), leader $(says Leader <<<"$said")|bring the other members back: journalctl -u $(unit "$side") on each of them says why"
    cluster=$(cluster_of "$side")
    record=$(recorded "$side")
    [[ -z $record || $record == "$cluster" ]] ||
        fail "the $(name "$side") database is the cluster $cluster, but this node's record is $record|never merge the two: hacienda explain docs/services/ovn.md"
    [[ ${1:-} != --local ]] || continue
    found=$(healthy "$side" "$cluster" "${members[@]}")
    count=$(number "$found" "the number of healthy members")
    ((count == ${#members[@]})) ||
        fail "$count/${#members[@]} members in the $(name "$side") cluster|see hacienda-verify ovn on the others; if one is lost for good, deploy the environment again"
    entries=$(listed <<<"$said" | wc -l)
    ((entries == ${#members[@]})) ||
        fail "the $(name "$side") cluster lists $entries members, ${#members[@]} are declared|ovs-appctl -t $RUN/ovn${side}_db.ctl cluster/status $(name "$side") names them; hacienda-leave NODE removes one"
done

northd=$RUN/ovn-northd.ctl
role=$(run_as ovn timeout 5 ovs-appctl -t "$northd" status) || fail "ovn-northd does not answer|journalctl -u ovn-northd on this node"
for database in nb sb; do
    connection=$(run_as ovn timeout 5 ovs-appctl -t "$northd" "$database-connection-status")
    [[ $connection == connected ]] ||
        fail "ovn-northd is $connection at the $(name "$database") database|journalctl -u ovn-northd on this node"
done
printf '%s members, northd %s\n' "${#members[@]}" "${role#Status: }"
