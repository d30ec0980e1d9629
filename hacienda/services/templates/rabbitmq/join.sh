#!/bin/bash
# Brings this node into the cluster: blank, restarted, or after all members lost power.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

join_running_members() {
    local peers="" peer
    # A blank node that reaches no peer would start a cluster of its own.
    for _ in {1..60}; do
        peers=$(running_peers)
        [ -z "$peers" ] || break
        log "waiting for a running member to join"
        sleep 2
    done
    [ -n "$peers" ] || fail "no running member of RabbitMQ to join|hacienda-verify rabbitmq on the other members"
    peer=${peers%%$'\n'*}
    if [[ $(members_at "$peer") == *"'$me'"* ]]; then
        # The cluster still lists the former machine of this name, and would refuse this one.
        log "rabbit@$peer still lists the former $me: forgetting it"
        rabbitmqctl --quiet -n "rabbit@$peer" forget_cluster_node "$me"
    fi
    log "joining $peer"
    name_peers "$HACIENDA_NODE" "$peer"
}

let_go() { # whether the running members no longer list this node
    local peers
    peers=$(running_peers)
    [ -n "$peers" ] && [[ $(members_at "${peers%%$'\n'*}") != *"'$me'"* ]]
}

if running; then
    exit 0
fi
if blank && [ "$(member_names | wc -l)" -gt 1 ]; then
    join_running_members
else
    if [ -e "$cookie_is_new" ]; then
        # The cookie changed while the broker was down, so running brokers may still expect the former one from it.
        peers=$(running_peers)
        if [ -z "$peers" ] || members_at "${peers%%$'\n'*}" >/dev/null; then
            rm -f "$cookie_is_new"
        else
            log "the running brokers do not have this cookie yet"
        fi
    fi
    log "starting with this node's own data; after a power cut the broker waits for the other members"
    ! systemctl start rabbitmq-server.service || exit 0
    let_go || fail "rabbitmq-server did not start|journalctl -u rabbitmq-server and /var/log/rabbitmq; if the members that stopped last are lost for good, restore them: hacienda explain docs/services/rabbitmq.md"
    # This node left, and an apply was killed before it deleted the machine. The other members still have its queues.
    log "the cluster removed this node: moving its data to $database.left and joining again"
    systemctl stop rabbitmq-server.service
    run_as rabbitmq rm -rf "$database.left"
    run_as rabbitmq mv --no-target-directory "$database" "$database.left"
    join_running_members
fi
systemctl start rabbitmq-server.service || fail "rabbitmq-server did not start|journalctl -u rabbitmq-server and /var/log/rabbitmq"
