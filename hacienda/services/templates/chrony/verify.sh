#!/bin/bash
# The clock follows a source and is within 50 ms of it (Ceph's monitors refuse more). In a container the clock is the host's,
# so the script only checks that chronyd runs and answers.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

furthest=0.05

systemctl --quiet is-active chrony.service ||
    fail "chronyd does not run|journalctl -u chrony on this node says why"
tracking="$(chronyc -n -c tracking 2>/dev/null)" ||
    fail "chronyd does not answer|systemctl restart chrony on this node"
IFS=, read -r _ source stratum _ offset _ <<<"$tracking"
leap="${tracking##*,}"

if [[ $HACIENDA_CONTAINER == 1 ]]; then
    printf 'the clock is the container host'\''s (%s)\n' "${leap,,}"
    exit 0
fi
[[ $leap != "Not synchronised" ]] ||
    fail "no time source answers|see chronyc -n sources on this node, and time.servers in the environment file"
awk -v offset="$offset" -v limit="$furthest" 'BEGIN { exit !(offset < limit && offset > -limit) }' ||
    fail "the clock is $offset s off|see chronyc -n tracking on this node"
printf 'stratum %s from %s, %s s off\n' "$stratum" "$source" "$offset"
