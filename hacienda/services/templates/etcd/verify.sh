#!/bin/bash
# verify.sh [--local]: this node's member runs, votes and belongs to the recorded cluster, and a quorum answers through it.
# Without --local every declared member must be healthy.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/etcd/members.sh
. /usr/lib/hacienda/etcd/members.sh

systemctl --quiet is-active etcd.service ||
    fail "etcd is $(systemctl show --property=ActiveState --value etcd.service)|journalctl -u etcd -u hacienda-etcd on this node says why; without a quorum it waits for the others"

declared=$(member_names | wc -l)
everybody=$HACIENDA_ETCD_ENDPOINTS
export HACIENDA_ETCD_ENDPOINTS="https://$HACIENDA_ADDRESS:$CLIENT_PORT"

members=$(list_members) ||
    fail "etcd has no quorum|bring the other members back: journalctl -u etcd on each of them says why"
line=$(grep -F "|$URL|" <<<"$members") ||
    fail "this member was removed from the cluster|systemctl stop etcd && systemctl restart hacienda-etcd on this node"
[[ $(field 5 <<<"$line") == false ]] ||
    fail "this member still learns and does not vote yet|wait; systemctl restart hacienda-etcd on this node if it lasts"

id=$(etcd get --write-out=fields /hacienda/cluster | sed -n 's/^"ClusterID" : //p')
if [[ -s $STATE/cluster.json ]]; then
    record=$(jq --raw-output .etcd "$STATE/cluster.json")
    [[ $id == "$record" ]] ||
        fail "etcd is the cluster $id, but this node's record is $record|never merge the two: hacienda explain docs/services/etcd.md"
fi
alarms=$(etcd alarm list)
[[ -z $alarms ]] ||
    fail "etcd raised ${alarms//$'\n'/, }|compact and defragment it, then etcdctl alarm disarm (hacienda explain docs/services/etcd.md)"

healthy=$(number "$(healthy_among "$everybody")" "the count of healthy members")
if ((healthy < declared)) && [[ ${1:-} != --local ]]; then
    fail "$healthy/$declared members|see hacienda-verify etcd on the others; if one is lost for good, deploy the environment again"
fi
printf '%s/%s members\n' "$healthy" "$declared"
