#!/bin/bash
# Founds both clusters on this node, once for each environment. Prints their ids as its last line.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn/common.sh
. /usr/lib/hacienda/ovn/common.sh

ELECTION_MS=1000 # without a heartbeat, after which a member stands for election; OVN's own default

# found SIDE: makes the first member's data. The database has its one global row from the beginning: ovn-controller crashes if it
# finds a southbound database without it.
found() {
    local path table schema
    path=$(file "$1")
    table=${1^^}_Global
    case $1 in
        nb) schema=/usr/share/ovn/ovn-nb.ovsschema ;;
        sb) schema=/usr/share/ovn/ovn-sb.ovsschema ;;
    esac
    run_as ovn rm -f "$path.blank" "$path.new"
    run_as ovn ovsdb-tool create "$path.blank" "$schema" >&2
    run_as ovn ovsdb-tool transact "$path.blank" "[\"$(name "$1")\",{\"op\":\"insert\",\"table\":\"$table\",\"row\":{}}]" >&2
    run_as ovn ovsdb-tool --election-timer="$ELECTION_MS" create-cluster "$path.new" "$path.blank" "$(raft "$1" "$HACIENDA_ADDRESS")" >&2
    run_as ovn rm -f "$path.blank"
    run_as ovn mv --no-target-directory "$path.new" "$path"
}

ids=()
for side in $SIDES; do
    # A try that was interrupted has left whole data, or none.
    has_data "$side" || found "$side"
    systemctl start "$(unit "$side")" >&2
done
for side in $SIDES; do
    wait_for 60 "the $(name "$side") cluster" is_member "$side" ||
        fail "the $(name "$side") database has no leader|journalctl -u $(unit "$side") on this node; if it holds data of a former cluster: hacienda explain docs/services/ovn.md"
    ids+=("$(cluster_of "$side")")
done
systemctl start ovn-northd.service >&2
printf '%s:%s\n' "${ids[@]}"
