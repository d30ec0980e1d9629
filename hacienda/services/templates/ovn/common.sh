# shellcheck shell=bash
# Shared functions of OVN's scripts. Sourced after lib.sh. A `side` is one of the two databases: nb (northbound) or sb (southbound).

export SIDES="nb sb"
DATA=$ROOT/var/lib/ovn
RUN=$ROOT/run/ovn
CLIENT=/etc/ovn/client

# file SIDE: the database's file.
file() {
    printf '%s/ovn%s_db.db\n' "$DATA" "$1"
}

# unit SIDE
unit() {
    printf '%s\n' "ovn-ovsdb-server-$1.service"
}

# name SIDE: the database's name.
name() {
    case $1 in
        nb) echo OVN_Northbound ;;
        sb) echo OVN_Southbound ;;
    esac
}

# client_port SIDE, raft_port SIDE: the ports for clients and for members.
client_port() {
    case $1 in
        nb) printf '%s\n' "$NB_PORT" ;;
        sb) printf '%s\n' "$SB_PORT" ;;
    esac
}

raft_port() {
    case $1 in
        nb) printf '%s\n' "$NB_RAFT_PORT" ;;
        sb) printf '%s\n' "$SB_RAFT_PORT" ;;
    esac
}

# raft SIDE ADDRESS: how members reach the member at a management address.
raft() {
    printf 'ssl:%s:%s\n' "$2" "$(raft_port "$1")"
}

# recorded SIDE: the id of the cluster that was founded, from the claim; empty: not known.
recorded() {
    local ids=${HACIENDA_CLUSTER_ID:-$(cat "$STATE/done/$HACIENDA_SERVICE" 2>/dev/null || true)}
    [[ $ids =~ ^([0-9a-f-]{36}):([0-9a-f-]{36})$ ]] || return 0
    case $1 in
        nb) printf '%s\n' "${BASH_REMATCH[1]}" ;;
        sb) printf '%s\n' "${BASH_REMATCH[2]}" ;;
    esac
}

# control SIDE COMMAND [ARGUMENT]: asks the local server. Fails without a server, and if the cluster has removed this member.
control() {
    run_as ovn timeout 10 ovs-appctl -t "$RUN/ovn$1_db.ctl" "$2" "$(name "$1")" "${@:3}"
}

# status SIDE: what the local member knows of its cluster.
status() {
    control "$1" cluster/status
}

# says FIELD: a field of a status on standard input.
says() {
    awk -v field="$1: " 'index($0, field) == 1 { print substr($0, length(field) + 1) }'
}

# listed: lines `id address` of a status on standard input, one for each member.
listed() {
    awk '/^Servers:/ { on = 1; next } on && NF >= 4 { sub(/\)$/, "", $4); print $1, $4 }'
}

# is_member SIDE: whether the local server is a member of a cluster with a leader.
is_member() {
    local said
    said=$(status "$1") || return 1
    [[ $(says Status <<<"$said") == "cluster member" && $(says Leader <<<"$said") != unknown ]]
}

# has_data SIDE: whether the server has ever run here, or has begun to join.
has_data() {
    run_as ovn test -s "$(file "$1")"
}

# in_quorum SIDE ADDRESS CLUSTER: whether the member at that address is in contact with a majority of that cluster. Any member answers
# this, with or without a majority.
in_quorum() {
    local query answer
    query="[\"_Server\",{\"op\":\"select\",\"table\":\"Database\",\"where\":[[\"name\",\"==\",\"$(name "$1")\"]],\"columns\":[\"connected\",\"cid\"]}]"
    answer=$(timeout 5 ovsdb-client --timeout=4 -p "$CLIENT/key.pem" -c "$CLIENT/cert.pem" -C "$CLIENT/ca.pem" \
        query "ssl:$2:$(client_port "$1")" "$query" 2>/dev/null) || return 1
    [[ $(jq --raw-output '.[0].rows[0] | select(.connected) | .cid[1]' <<<"$answer" 2>/dev/null) == "$3" ]]
}

# database SIDE ARGUMENTS...: a command to the database's leader, by ovn-nbctl or ovn-sbctl.
database() {
    local member at=()
    for member in $MEMBERS; do at+=("ssl:${member#*=}:$(client_port "$1")"); done
    timeout 25 "ovn-$1ctl" --timeout=20 --db="$(IFS=,; echo "${at[*]}")" \
        -p "$CLIENT/key.pem" -c "$CLIENT/cert.pem" -C "$CLIENT/ca.pem" "${@:2}"
}

# healthy SIDE CLUSTER MEMBER...: how many of these members (`name=address`) are in the quorum.
healthy() {
    local side=$1 cluster=$2 member count=0
    shift 2
    for member in "$@"; do
        if in_quorum "$side" "${member#*=}" "$cluster"; then count=$((count + 1)); fi
    done
    printf '%s\n' "$count"
}

# cluster_of SIDE: the id of the cluster in the local data.
cluster_of() {
    run_as ovn ovsdb-tool db-cid "$(file "$1")"
}

# kick SIDE MEMBER: removes a member, by id or address, and waits until it is no longer listed.
kick() {
    control "$1" cluster/kick "$2" >&2 || return 1
    wait_for 20 "$2 to leave the $(name "$1") cluster" is_gone "$1" "$2"
}

# is_gone SIDE MEMBER
is_gone() {
    local said
    said=$(status "$1") || return 1
    ! listed <<<"$said" | tr ' ' '\n' | grep --quiet --line-regexp --fixed-strings "$2"
}
