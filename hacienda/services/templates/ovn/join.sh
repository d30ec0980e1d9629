#!/bin/bash
# Starts this node's members of both clusters, from any state:
#   data                               start with it; if the cluster has removed this member meanwhile, set the data aside and join.
#   no data                            join as a new member; then remove the entry that the cluster still has for this node's former data.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn/common.sh
. /usr/lib/hacienda/ovn/common.sh

JOIN=${HACIENDA_JOIN_SECONDS:-60}     # in which a member must have joined; verify.sh then says why it has not
REJOIN=${HACIENDA_REJOIN_SECONDS:-10} # after which a member with data asks the others whether they have removed it

read -r -a others <<<"$PEERS"

# join SIDE: makes data with which the server joins the cluster when it starts.
join() {
    local path cluster peer remotes=()
    ((${#others[@]} > 0)) ||
        fail "the only member of OVN has lost its data|restore it: hacienda explain docs/services/ovn.md"
    path=$(file "$1")
    cluster=$(recorded "$1")
    for peer in "${others[@]}"; do remotes+=("$(raft "$1" "${peer#*=}")"); done
    log "joining the $(name "$1") cluster $cluster"
    run_as ovn rm -f "$path.new"
    run_as ovn ovsdb-tool ${cluster:+--cid="$cluster"} join-cluster "$path.new" "$(name "$1")" "$(raft "$1" "$HACIENDA_ADDRESS")" "${remotes[@]}"
    run_as ovn mv --no-target-directory "$path.new" "$path"
    # northd refuses databases that are younger than those it knew, as after founding again.
    systemctl stop ovn-northd.service
}

# set_aside SIDE: moves the data of a removed member away; replaces data moved away earlier.
set_aside() {
    local path
    path=$(file "$1")
    log "the $(name "$1") cluster removed this member: moving its data to $path.removed"
    systemctl stop "$(unit "$1")"
    run_as ovn rm -f "$path.removed"
    run_as ovn mv --no-target-directory "$path" "$path.removed"
}

# knows_it_left SIDE: whether the data says that this member was removed. The server does not start with such data.
knows_it_left() {
    [[ $(run_as ovn ovsdb-tool check-cluster "$(file "$1")" 2>&1 || true) == *"left the cluster"* ]]
}

# was_removed SIDE: whether a majority of the declared members is a cluster without this one. It was removed while it was down.
was_removed() {
    local cluster count declared found
    cluster=$(cluster_of "$1")
    declared=$(member_names | wc -l)
    found=$(healthy "$1" "$cluster" "${others[@]}")
    count=$(number "$found" "the number of healthy members")
    ((2 * count > declared)) && ! is_member "$1"
}

# forget_former SIDE: removes members that the cluster lists at this node's address. A blank machine joins under a new id, and the
# former one would count as a member that is down.
forget_former() {
    local said own id address
    said=$(status "$1")
    own=$(says "Server ID" <<<"$said")
    while read -r id address; do
        if [[ $address == "$(raft "$1" "$HACIENDA_ADDRESS")" && $id != "${own%% *}" ]]; then
            log "removing this node's former member $id from the $(name "$1") cluster"
            kick "$1" "$id" || fail "the $(name "$1") cluster keeps this node's former member $id|see hacienda-verify ovn on the other members; this node tries again"
        fi
    done <<<"$(listed <<<"$said")"
}

# start SIDE: starts the server with data of some kind.
start() {
    systemctl --quiet is-active "$(unit "$1")" && return
    if has_data "$1" && knows_it_left "$1"; then set_aside "$1"; fi
    has_data "$1" || join "$1"
    systemctl start "$(unit "$1")"
}

# settle SIDE: waits until the server is a member.
settle() {
    if ! wait_for "$REJOIN" "this member of the $(name "$1") cluster" is_member "$1"; then
        if was_removed "$1"; then
            set_aside "$1"
            start "$1"
        fi
        systemctl start ovn-northd.service
        # A member with data waits for a majority, which verify.sh says.
        wait_for "$JOIN" "this member of the $(name "$1") cluster" is_member "$1" || return 0
    fi
    forget_former "$1"
}

for side in $SIDES; do start "$side"; done
systemctl start ovn-northd.service
for side in $SIDES; do settle "$side"; done
