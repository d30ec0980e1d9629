#!/bin/bash
# Whether the others keep their quorum while this member restarts: more than half of all voters must be healthy without it.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/etcd/members.sh
. /usr/lib/hacienda/etcd/members.sh

members=$(list_members) || exit 0 # no quorum: stopping this member costs none
voters=$(grep -c '|false$' <<<"$members") || true
HACIENDA_ETCD_ENDPOINTS=$(awk -F'|' -v url="$URL" '$3 != url && $5 == "false" { printf "%s%s", sep, $4; sep = "," }' <<<"$members")
[[ -n $HACIENDA_ETCD_ENDPOINTS ]] || exit 0 # a single member: nobody else to lose
healthy=$(etcd endpoint health --write-out=json 2>/dev/null | jq '[.[] | select(.health)] | length') || true
((2 * ${healthy:-0} > voters)) || fail "$healthy of the other members are healthy, of $voters voters|repair them first"
