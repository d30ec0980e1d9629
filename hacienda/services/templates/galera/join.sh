#!/bin/bash
# Brings this node into the cluster from any state: blank, stale, or after all members lost power.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

patience=600 # seconds until the unit fails with the reason, and systemd starts it again
lease_seconds=60
lease=""
renew=0
turn=""

publish() { # POSITION: publishes it in etcd until a minute after this script ends
    [ -z "$lease" ] || [ "$SECONDS" -ge "$renew" ] || return 0
    if [ -z "$lease" ] || ! etcd lease keep-alive --once "$lease" >/dev/null 2>&1; then
        lease=$(etcd lease grant "$lease_seconds" 2>/dev/null | awk '{print $2}')
        [ -n "$lease" ] || return 1
        etcd put --lease="$lease" "$positions/$HACIENDA_NODE" "$1" >/dev/null || return 1
    fi
    renew=$((SECONDS + lease_seconds / 4))
}

withdraw() {
    rm -f "$reason_file"
    [ -z "$lease" ] || etcd lease revoke "$lease" >/dev/null 2>&1 || true
    lease=""
}

refuse_foreign() { # UUID EXPECTED
    if [ "$1" != "$blank" ] && [ -n "$2" ] && [ "$1" != "$2" ]; then
        waiting "this node holds data of another Galera cluster, $1; this environment's is $2|to discard it and copy the cluster's: $(discard_command)"
        fail "$(cat "$reason_file")"
    fi
}

take_turn() { # blank members join one at a time
    # Two members that connect at once may lose each other for a moment. A donor that is cut off while it gives a copy stays a
    # donor until it is restarted, and then no member can join (seen on two busy cores). Without etcd the node joins without a turn.
    local key=/hacienda/galera/joining started=$SECONDS guard
    while [ $((SECONDS - started)) -lt "$patience" ]; do
        guard=$(etcd lease grant 120 2>/dev/null | awk '{print $2}')
        [ -n "$guard" ] || return 0
        if etcd txn <<EOF | grep -q SUCCESS; then
create("$key") = "0"

put --lease=$guard $key $HACIENDA_NODE


EOF
            turn=$guard
            return 0
        fi
        etcd lease revoke "$guard" >/dev/null || true
        waiting "waiting for another blank member to get its copy|journalctl -u hacienda-galera on the other members"
        sleep 2
    done
}

join_primary() { # POSITION PEER...
    local position=$1 donor=$2
    shift
    refuse_foreign "${position%:*}" "$(peer_field "$(member_address "$donor")" wsrep_cluster_state_uuid)"
    if [ "${position%:*}" = "$blank" ]; then
        take_turn
        # A member that got its copy meanwhile has fewer clients than the founder, which may serve by now.
        # shellcheck disable=SC2046 # one word per peer
        set -- $(primary_peers)
        donor=${1:-$donor}
    fi
    withdraw
    log "joining $*: local position $position, donor $donor"
    # The donor is the peer with the fewest clients, because a donor refuses changes of the schema, which the writer gets.
    start_server "wsrep_sst_donor = $donor,"
}

found_again() { # POSITION: founds the component, unless another node is founding it (compare-and-swap)
    local guard
    guard=$(etcd lease grant 120 | awk '{print $2}')
    if ! etcd txn <<EOF | grep -q SUCCESS; then
create("/hacienda/galera/founder") = "0"

put --lease=$guard /hacienda/galera/founder $HACIENDA_NODE


EOF
        etcd lease revoke "$guard" >/dev/null
        return 1
    fi
    withdraw
    log "founding the Primary Component again at $1"
    new_cluster "$1"
    etcd del "/hacienda/galera/decision" >/dev/null
    etcd lease revoke "$guard" >/dev/null
}

verdict() { # prints the founder's name, or `wait:why|what to do`
    local busy decided
    busy=$(etcd_get /hacienda/galera/founder || true)
    decided=$(etcd_get /hacienda/galera/decision || true)
    if [ -n "$busy$decided" ]; then
        echo "${busy:-$decided}"
    else
        # shellcheck disable=SC2086 # one word per server
        known_positions | python3 /usr/lib/hacienda/galera/founder.py $SERVERS
    fi
}

arbiters_rest() { # whether no arbitrator keeps the servers' former component; watch.sh on the arbiters stops them
    local voting
    voting=$(arbitrating)
    [ -n "$voting" ] || return 0
    waiting "waiting for garbd to stop on ${voting//$'\n'/, }|there: systemctl stop garb, and journalctl -u galera-watch"
    return 1
}

recover() { # POSITION: joins a Primary Component, or founds it again if the published positions say so
    local position=$1 deadline=$((SECONDS + patience)) founder peers
    while [ "$SECONDS" -lt "$deadline" ]; do
        peers=$(primary_peers)
        if [ -n "$peers" ]; then
            # shellcheck disable=SC2086 # one word per peer
            join_primary "$position" $peers
            return
        fi
        if publish "$position"; then
            founder=$(verdict)
            case "$founder" in
            "$HACIENDA_NODE") if arbiters_rest && found_again "$position"; then return; fi ;;
            wait:*) waiting "${founder#wait:}" ;;
            *) waiting "waiting for $founder to found the Primary Component again|journalctl -u hacienda-galera on $founder" ;;
            esac
        else
            waiting "no Galera member is Primary and etcd does not answer|hacienda-verify etcd; etcd needs a majority of its members"
        fi
        sleep 1
    done
    withdraw_and_fail
}

withdraw_and_fail() {
    local reason
    reason=$(cat "$reason_file" 2>/dev/null || echo "no Primary Component|hacienda-verify galera on every member")
    withdraw
    waiting "$reason"
    fail "$reason"
}

if running; then
    for _ in {1..15}; do
        primary && break
        sleep 1
    done
    if primary; then
        wait_for "$patience" "Galera to be Synced" synced
        rm -f "$reason_file"
        exit 0
    fi
    log "the server runs outside a Primary Component: stopping it to take part in the recovery"
    systemctl stop mariadb.service
fi

position=$(recovered_position)
refuse_foreign "${position%:*}" "${HACIENDA_CLUSTER_ID:-}"
recover "$position"
wait_for "$patience" "Galera to be Synced" synced
rm -f "$reason_file"
[ -z "$turn" ] || etcd lease revoke "$turn" >/dev/null || true
