# shellcheck shell=bash
# Shared functions of etcd's scripts. Sourced after lib.sh.

export DATA=$ROOT/var/lib/etcd/default
export INITIAL=$STATE/etcd/initial.env
export LEARNER=$STATE/etcd/learner # id under which this node was added, until it votes
export URL="https://$HACIENDA_ADDRESS:$PEER_PORT"

# list_members: lines `id|name|peer url|client url|learner`. Fails unless a quorum answers (the read is linearizable).
list_members() {
    local answer
    answer=$(etcd member list --write-out=simple 2>/dev/null) || return 1
    awk -F', ' '{ print $1 "|" $3 "|" $4 "|" $5 "|" $6 }' <<<"$answer"
}

# field NUMBER: of a line of list_members.
field() {
    cut -d '|' -f "$1"
}

# has_data: whether etcd has ever run here.
has_data() {
    compgen -G "$DATA/member/wal/*.wal" >/dev/null
}

# healthy_among URLS: how many of these client URLs (separated by commas) answer within a quorum.
healthy_among() {
    local counted=0
    if [[ -n $1 ]]; then
        # The command fails when a member is down; its output still has the healthy ones.
        counted=$(HACIENDA_ETCD_ENDPOINTS=$1 etcd endpoint health --write-out=json 2>/dev/null |
            jq '[.[] | select(.health)] | length') || true
    fi
    printf '%s\n' "${counted:-0}"
}
