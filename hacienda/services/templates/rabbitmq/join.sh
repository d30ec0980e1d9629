#!/bin/bash
# Brings this node into the cluster: blank, restarted, or after everybody lost power.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

join_running_members() {
    local peers="" peer
    # A blank node that reaches no peer would quietly start a cluster of its own.
    for _ in {1..60}; do
        peers=$(running_peers)
        [ -z "$peers" ] || break
        log "waiting for a running member to join"
        sleep 2
    done
    [ -n "$peers" ] || fail "no running member of RabbitMQ to join|hacienda-verify rabbitmq on the other members"
    peer=${peers%%$'\n'*}
    if [[ $(members_at "$peer") == *"'$me'"* ]]; then
        # The cluster still knows the machine that had this name and is gone: it would refuse this one.
        log "rabbit@$peer still lists the former $me: forgetting it"
        rabbitmqctl --quiet -n "rabbit@$peer" forget_cluster_node "$me"
    fi
    log "joining $peer"
    name_peers "$HACIENDA_NODE" "$peer"
}

let_go() { # the running members no longer list this node
    local peers
    peers=$(running_peers)
    [ -n "$peers" ] && [[ $(members_at "${peers%%$'\n'*}") != *"'$me'"* ]]
}

start_helpers
if running; then
    exit 0
fi
if blank && [ "$(member_names | wc -l)" -gt 1 ]; then
    join_running_members
else
    if [ -n "$cookie_changed" ]; then
        # It changed while the broker was down: those that run may still expect the former one of it.
        peers=$(running_peers)
        [ -z "$peers" ] || members_at "${peers%%$'\n'*}" >/dev/null || log "the running brokers do not have this cookie yet"
    fi
    log "starting with this node's own data; after a power cut it waits for the other members"
    ! systemctl start rabbitmq-server.service || exit 0
    let_go || fail "rabbitmq-server did not start|journalctl -u rabbitmq-server and /var/log/rabbitmq; when the members that stopped last are lost for good, restore them: hacienda explain docs/services/rabbitmq.md"
    # It left, and its machine was kept: an apply that was killed between the two. Its queues live on with the others.
    log "the cluster has let this node go: its data go to $database.left, and it joins anew"
    systemctl stop rabbitmq-server.service
    run_as rabbitmq rm -rf "$database.left"
    run_as rabbitmq mv --no-target-directory "$database" "$database.left"
    join_running_members
fi
systemctl start rabbitmq-server.service || fail "rabbitmq-server did not start|journalctl -u rabbitmq-server and /var/log/rabbitmq"
