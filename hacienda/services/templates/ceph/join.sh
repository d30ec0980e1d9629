#!/bin/bash
# join.sh [--found]: starts this node's monitor and manager, from any state:
#   a store                        start with it. If the others have removed this monitor meanwhile, set the store aside and join.
#   no store, a known cluster      make a store from the quorum's map and start: the monitor copies the data. Wait without a quorum: blank
#                                  monitors must not become a majority beside the data of the others.
#   no store, none was ever        make a store from the declared map, as the other monitors do.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ceph/common.sh
. /usr/lib/hacienda/ceph/common.sh

JOIN=20 # seconds in which a monitor with a store is in the quorum, if the others have one
map=$(mktemp)
trap 'rm -f "$map"' EXIT

# declared_map: writes the map of all declared monitors.
declared_map() {
    local member arguments=()
    for member in $MEMBERS; do
        arguments+=(--addv "${member%%=*}" "[v2:${member#*=}:$MONITOR_PORT/0]")
    done
    monmaptool --create --clobber --fsid "$(<"$(secret ceph/fsid)")" "${arguments[@]}" "$map" >&2
}

# was_founded: whether a quorum has ever been: the first one is followed by a reconciliation.
was_founded() {
    local hash
    hash=$(etcd_get /hacienda/reconciled/ceph) || fail "etcd does not answer, so it is not known whether a Ceph cluster exists|see hacienda-verify etcd"
    [[ -n $hash ]]
}

# current_map: writes the quorum's map, or the declared one where there was no quorum yet.
current_map() {
    if was_founded; then
        ceph_now mon getmap --out-file "$map" >&2 || fail "a Ceph cluster exists, but no quorum of its monitors answers|bring the other monitors back: this one joins them by itself. If their data is lost: hacienda explain docs/services/ceph.md"
    else
        declared_map
    fi
}

make_store() {
    current_map
    # What an interrupted run made is not complete.
    run_as ceph rm -rf "$STORE"
    install -m 0644 "$map" "$map.shared"
    trap 'rm -f "$map" "$map.shared"' EXIT
    run_as ceph ceph-mon --mkfs --id "$HACIENDA_NODE" --monmap "$map.shared" --keyring "$FOUNDING" --log-to-stderr=false --err-to-stderr=true >&2
    run_as ceph touch "$MADE"
}

start() {
    systemctl start ceph-mon.service
    # It waits for a quorum and for its key.
    systemctl start --no-block ceph-mgr.service
}

# is_removed: whether the others have a quorum whose map does not have this monitor.
is_removed() {
    local listed
    listed=$(ceph_now mon dump --format json 2>/dev/null | jq --raw-output '.mons[].name') || return 1
    [[ -n $listed ]] && ! grep -qxF "$HACIENDA_NODE" <<<"$listed"
}

if has_store; then
    start
    [[ ${1:-} != --found ]] || exit 0
    if ! wait_for "$JOIN" "this monitor to be in the quorum" in_quorum && is_removed; then
        log "the cluster removed this monitor: moving its store to $STORE.removed"
        systemctl stop ceph-mon.service
        run_as ceph rm -rf "$STORE.removed"
        run_as ceph mv --no-target-directory "$STORE" "$STORE.removed"
        make_store
        start
    fi
else
    make_store
    start
fi
