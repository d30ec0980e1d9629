# shellcheck shell=bash
# What the scripts of etcd share. Sourced after lib.sh.

export DATA=/var/lib/etcd/default
export INITIAL=/var/lib/hacienda/etcd/initial.env
export LEARNER=/var/lib/hacienda/etcd/learner # id this node was added as, until it votes
export URL="https://$HACIENDA_ADDRESS:$PEER_PORT"

# list_members: `id|name|peer url|client url|learner` a line. Fails unless a quorum answers (the read is linearizable).
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
