#!/bin/bash
# hacienda-cluster [record]: prints the id of the etcd cluster this node is in; `record` also writes it down. A node with a
# record joins existing clusters only, so that blank machines never found a second one.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

# A linearizable read: only a cluster with a quorum answers.
id=$(etcd get -w fields /hacienda/cluster | sed -n 's/^"ClusterID" : //p') || fail "etcd does not answer|see hacienda-verify etcd"
[[ -n $id ]] || fail "etcd returned no cluster id|see hacienda-verify etcd"

record="{\"etcd\": \"$id\"}"
if [[ ${1:-} == record ]]; then
    if [[ -e $STATE/cluster.json ]] && [[ $(<"$STATE/cluster.json") != "$record" ]]; then
        fail "this node belongs to $(<"$STATE/cluster.json"), but etcd is now $record|never merge the two: restore etcd, or start over"
    fi
    printf '%s\n' "$record" >"$STATE/.cluster.json"
    mv "$STATE/.cluster.json" "$STATE/cluster.json"
fi
printf '%s\n' "$record"
