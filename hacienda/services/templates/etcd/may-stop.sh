#!/bin/bash
# Whether the others keep their quorum while this member restarts: more than half of all voters must be healthy without it.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/etcd/members.sh
. /usr/lib/hacienda/etcd/members.sh

# The caller holds the rolling lock, which took a quorum. If no quorum answers now, the effect of a stop is unknown.
members=$(list_members) || fail "etcd does not answer|see hacienda-verify etcd"
voters=$(grep -c '|false$' <<<"$members") || true
((voters > 1)) || exit 0
others=$(awk -F'|' -v url="$URL" '$3 != url && $5 == "false" { printf "%s%s", separator, $4; separator = "," }' <<<"$members")
healthy=$(number "$(healthy_among "$others")" "the count of healthy members")
((2 * healthy > voters)) || fail "only $healthy other members of $voters voters are healthy|repair them first"
